//! A change of policy is in force when it is answered.
//!
//! The registry hands each new directory over before its command returns; the courier task takes
//! it from there to the gateway's threads. This middleware holds the answer for those microseconds.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use gateway::{DirectorySlot, DirectorySnapshot};
use registry::directory::Published;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use wire::merkle::Hash;

/// Far beyond what a courier needs: only a node that is coming down lets it pass.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the registry published last, and what the gateway works with.
#[derive(Clone)]
pub(super) struct InForce {
    published: watch::Receiver<Arc<Published>>,
    installed: watch::Receiver<Hash>,
}

/// Carries every published directory to the gateway, beginning with the one in force now.
pub(super) fn start_courier(
    mut published: watch::Receiver<Arc<Published>>,
    gateway: DirectorySlot,
) -> (InForce, JoinHandle<()>) {
    let first = Arc::clone(&published.borrow_and_update());
    gateway.install(&snapshot(&first));
    let (done, installed) = watch::channel(first.signed.directory.root());
    let in_force = InForce { published: published.clone(), installed };
    let courier = tokio::spawn(async move {
        while published.changed().await.is_ok() {
            let next = Arc::clone(&published.borrow_and_update());
            gateway.install(&snapshot(&next));
            done.send_replace(next.signed.directory.root());
        }
    });
    (in_force, courier)
}

/// Middleware: lets the answer to a change leave when the gateway knows of it.
pub(super) async fn wait(
    State(in_force): State<InForce>,
    request: Request,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    if !reads {
        in_force.reached().await;
    }
    response
}

impl InForce {
    async fn reached(self) {
        let Self { published, mut installed } = self;
        // Compared anew each time: while one change waits, another may be published past it.
        let caught_up =
            installed.wait_for(|root| *root == published.borrow().signed.directory.root());
        let _ = tokio::time::timeout(PATIENCE, caught_up).await;
    }
}

fn snapshot(published: &Published) -> DirectorySnapshot {
    DirectorySnapshot {
        directory: Arc::new(published.signed.directory.clone()),
        hmac_secrets: published.hmac_secrets.clone(),
    }
}
