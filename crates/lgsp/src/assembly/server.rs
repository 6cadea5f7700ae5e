//! One listener with its routes, until it is told to stop.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running HTTP/1.1 server of the control side (calls between systems go through `gateway`).
#[derive(Debug)]
pub struct Server {
    /// Where it listens; the real port where 0 was asked for.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `routes` on a listener that is bound already.
    pub fn start(listener: TcpListener, routes: Router) -> std::io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = axum::serve(listener, routes).with_graceful_shutdown(async {
            // A sender that was dropped means the same: nobody will ask any more.
            let _ = stopped.await;
        });
        let task = tokio::spawn(async move {
            // axum's accept loop never ends with an error; it goes on after each.
            let _ = serving.into_future().await;
        });
        Ok(Self { address, stop, task })
    }

    /// Stops accepting, lets running requests end for at most `drain`, then cuts them off.
    pub async fn stop(mut self, drain: Duration) {
        // The receiver is gone only if the server has ended already.
        let _ = self.stop.send(());
        if tokio::time::timeout(drain, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}
