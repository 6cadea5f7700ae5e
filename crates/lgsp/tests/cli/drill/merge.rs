//! Two small provinces become one while callers of both call on.

use std::path::Path;

use drill::merge::{RegistrySize, run};

use crate::binary::LGSP;

#[tokio::test(flavor = "multi_thread")]
async fn two_registries_merge_amid_calls_and_part_again() {
    run(Path::new(LGSP), RegistrySize { organisations: 40, systems: 80, callers: 4 }).await;
}
