//! The real binary as a child process: started, listened to, terminated or killed.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a test waits for a sign of life before it calls the process hung. Not a bar: an
/// ordinary wait ends as soon as what is waited for happens.
const HUNG: Duration = Duration::from_mins(2);

/// A running child. Dropped, it is killed: no test leaves a server behind.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    /// Starts `program` with `arguments`; both of its outputs are listened to.
    pub fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        Self::start_command(Command::new(program.as_ref()).args(arguments))
    }

    /// Starts a command that the caller has prepared (environment, working folder).
    pub fn start_command(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
        let (sender, lines) = channel();
        let outputs: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for output in outputs {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self { child, lines, seen: Vec::new() }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that fits, and returns it.
    pub fn wait_for_line(&mut self, fits: impl Fn(&str) -> bool) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(HUNG) else {
                panic!("the process never said what was waited for:\n{}", self.seen.join("\n"));
            };
            self.seen.push(line.clone());
            if fits(&line) {
                return line;
            }
        }
    }

    /// Waits until somebody listens at `address`: it, as long as it has not ended.
    pub fn wait_for_listener(&mut self, address: SocketAddr) {
        while TcpStream::connect(address).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended before it listened:\n{}", self.said());
            std::thread::yield_now();
        }
    }

    /// Asks it to do what its signal of that name stands for: `TERM`, `HUP`.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success(), "SIG{name} was not taken");
    }

    /// Asks it to stop, as an operator or a service manager does (SIGTERM).
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Ends it at once, wherever it is (SIGKILL), and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn said(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    /// Waits for its own end; returns how it ended and all it said.
    pub fn wait(mut self) -> (ExitStatus, String) {
        while let Ok(line) = self.lines.recv_timeout(HUNG) {
            self.seen.push(line);
        }
        let status = self.child.wait().unwrap();
        (status, self.seen.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to kill.
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_waited_for_and_the_end_is_told() {
        let mut process = Process::start("sh", &["-c", "echo one; echo two >&2; exit 3"]);
        assert_eq!(process.wait_for_line(|line| line == "one"), "one");
        let (status, said) = process.wait();
        assert_eq!(status.code(), Some(3));
        assert!(said.contains("two"), "{said}");
    }

    #[test]
    fn a_process_is_terminated_and_killed() {
        let mut process =
            Process::start("sh", &["-c", "trap 'exit 7' TERM; echo up; while :; do :; done"]);
        process.wait_for_line(|line| line == "up");
        process.terminate();
        assert_eq!(process.wait().0.code(), Some(7));

        let mut process = Process::start("sh", &["-c", "echo up; while :; do :; done"]);
        process.wait_for_line(|line| line == "up");
        process.kill();
        assert_eq!(process.wait().0.code(), None);
    }
}
