use std::task::Poll;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// Polls something that is ready until the task's budget is used up.
async fn with_no_budget_left(mut look: impl FnMut()) {
    let (mut near, mut far) = tokio::io::duplex(4096);
    far.write_all(&[0; 4096]).await.unwrap();
    poll_fn(|cx| {
        let mut one = [0];
        let mut reads = 0;
        while pin!(near.read(&mut one)).poll(cx).is_ready() {
            reads += 1;
            assert!(reads < 4096, "the budget has no end");
        }
        look();
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn a_closed_or_talking_connection_is_not_quiet_whatever_the_task_has_done_before() {
    let (near, far) = tokio::io::duplex(16);
    let mut closed = Line::new(near);
    drop(far);
    let (near, mut far) = tokio::io::duplex(16);
    let mut talking = Line::new(near);
    far.write_all(b"HTTP/1.1 408").await.unwrap();
    let (near, _far) = tokio::io::duplex(16);
    let mut quiet = Line::new(near);
    with_no_budget_left(|| {
        assert!(!closed.is_quiet(), "closed");
        assert!(!talking.is_quiet(), "talking");
        assert!(quiet.is_quiet());
    })
    .await;
}
