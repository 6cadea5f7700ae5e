//! A process that has workers: it is asked to stop, so that it takes them along.

use std::process::Command;

use testkit::Process;

/// A running server, until it is dropped.
pub(crate) struct Server(Option<Process>);

impl Server {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(Process::start_command(command)))
    }

    /// The process, while it runs: always.
    pub(crate) fn process(&mut self) -> &mut Process {
        self.0.as_mut().expect("it runs until it is dropped")
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().expect("it runs until it is dropped").id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = self.0.take() {
            process.terminate();
            // Its outputs end with the last of its workers.
            let _said = process.wait();
        }
    }
}
