//! Standard output and standard error, taken away from the author's code and kept until the host fetches what was printed.
//! It knows no gRPC.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, PipeReader, Read, Write},
    os::{fd::AsFd, unix::fs::FileTypeExt},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use bytes::Bytes;
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    stdio,
};
use tokio::sync::Notify;

pub(super) use crate::proto::stdio_data::Channel;

/// How many printed bytes wait for the host at most. Go plugins block when theirs wait; an author's `println!` should not.
const KEPT: usize = 1 << 20;
const CHUNK: usize = 8 << 10;

/// The real standard output and error, while file descriptors 1 and 2 lead elsewhere.
pub(super) struct Stdio {
    real_stdout: File,
    real_stderr: File,
    output: Arc<Output>,
}

/// What was printed and not fetched yet.
#[derive(Default)]
pub(super) struct Output {
    queue: Mutex<Queue>,
    changed: Notify,
}

#[derive(Default)]
struct Queue {
    chunks: VecDeque<(Channel, Bytes)>,
    size: usize,
    dropped: usize,
    ended: bool,
}

impl Stdio {
    /// Takes both descriptors away. From here on, whatever this process or its children print is kept for the host.
    pub(super) fn take() -> io::Result<Self> {
        let real_stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let real_stderr = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let (out_read, out_write) = io::pipe()?;
        let (err_read, err_write) = io::pipe()?;
        stdio::dup2_stdout(&out_write)?;
        stdio::dup2_stderr(&err_write)?;
        let output = Arc::new(Output::default());
        let kept = output.clone();
        // A thread, not a task: it must go on while the author's code holds the runtime's only thread in a `println!`.
        thread::Builder::new().name("stdio".into()).stack_size(64 << 10).spawn(move || {
            pump(&kept, [(Channel::Stdout, out_read), (Channel::Stderr, err_read)]);
            kept.end();
        })?;
        Ok(Self { real_stdout, real_stderr, output })
    }

    /// Prints to the real standard output, for the handshake.
    pub(super) fn print(&mut self, text: &str) -> io::Result<()> {
        self.real_stdout.write_all(text.as_bytes())?;
        self.real_stdout.flush()
    }

    /// Whether a host may read the handshake, and not a person who started the plugin in a terminal or a debugger.
    pub(super) fn leads_to_a_host(&self) -> bool {
        let kind = self.real_stdout.metadata().map(|metadata| metadata.file_type());
        kind.map_or(true, |kind| kind.is_fifo() || kind.is_socket())
    }

    pub(super) fn real_stderr(&self) -> io::Result<File> {
        self.real_stderr.try_clone()
    }

    pub(super) fn output(&self) -> Arc<Output> {
        self.output.clone()
    }

    /// Ends the taking: what is printed from now on goes to the real standard error, and the output ends once what was
    /// printed before has been fetched.
    pub(super) fn give_back(&self) {
        let _ = io::stdout().flush();
        let restored = stdio::dup2_stdout(&self.real_stderr).and_then(|()| stdio::dup2_stderr(&self.real_stderr));
        if restored.is_err() {
            self.output.end();
        }
    }
}

/// Reads both pipes until both have ended, which they do when no process holds their other ends.
fn pump(output: &Output, pipes: [(Channel, PipeReader); 2]) {
    let mut pipes = Vec::from(pipes);
    let mut buffer = vec![0; CHUNK];
    while !pipes.is_empty() {
        let mut polled: Vec<PollFd<'_>> = pipes.iter().map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)).collect();
        match poll(&mut polled, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(_) => return,
        }
        let ready: Vec<bool> = polled.iter().map(|p| !p.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        pipes.retain_mut(|(channel, pipe)| {
            if !ready.next().unwrap_or_default() {
                return true;
            }
            match pipe.read(&mut buffer) {
                Ok(0) => false,
                Ok(n) => {
                    output.push(*channel, Bytes::copy_from_slice(&buffer[..n]));
                    true
                }
                Err(error) => error.kind() == io::ErrorKind::Interrupted,
            }
        });
    }
}

impl Output {
    fn push(&self, channel: Channel, chunk: Bytes) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.size += chunk.len();
        queue.chunks.push_back((channel, chunk));
        while queue.size > KEPT {
            let Some((_, oldest)) = queue.chunks.pop_front() else { break };
            queue.size -= oldest.len();
            queue.dropped += oldest.len();
        }
        drop(queue);
        self.changed.notify_one();
    }

    fn end(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.changed.notify_one();
    }

    /// The next chunk, in the order of printing; `None` once all has been fetched and no more can come. Where chunks had
    /// to be dropped because nobody fetched them, a chunk on standard error says how much.
    pub(super) async fn next(&self) -> Option<(Channel, Bytes)> {
        loop {
            {
                let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
                if queue.dropped > 0 {
                    let dropped = std::mem::take(&mut queue.dropped);
                    let notice = format!("[{dropped} bytes of output were dropped: nobody fetched them]\n");
                    return Some((Channel::Stderr, notice.into()));
                }
                if let Some((channel, chunk)) = queue.chunks.pop_front() {
                    queue.size -= chunk.len();
                    return Some((channel, chunk));
                }
                if queue.ended {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn output_comes_in_order_and_then_ends() {
        let output = Output::default();
        output.push(Channel::Stdout, "a".into());
        output.push(Channel::Stderr, "b".into());
        output.end();
        assert_eq!(output.next().await, Some((Channel::Stdout, "a".into())));
        assert_eq!(output.next().await, Some((Channel::Stderr, "b".into())));
        assert_eq!(output.next().await, None);
    }

    #[tokio::test]
    async fn when_nobody_fetches_the_oldest_goes_and_that_is_said() {
        let output = Output::default();
        output.push(Channel::Stdout, Bytes::from(vec![b'a'; 100]));
        output.push(Channel::Stdout, Bytes::from(vec![b'b'; KEPT]));
        let (channel, notice) = output.next().await.unwrap();
        assert_eq!(
            (channel, &notice[..]),
            (Channel::Stderr, &b"[100 bytes of output were dropped: nobody fetched them]\n"[..])
        );
        assert_eq!(output.next().await.unwrap().1.len(), KEPT);
    }

    #[test]
    fn the_pump_ends_when_the_last_writer_is_gone() {
        let output = Output::default();
        let (out_read, out_write) = io::pipe().unwrap();
        let (err_read, err_write) = io::pipe().unwrap();
        (&out_write).write_all(b"hello").unwrap();
        drop((out_write, err_write));
        pump(&output, [(Channel::Stdout, out_read), (Channel::Stderr, err_read)]);
        assert_eq!(output.queue.lock().unwrap().chunks, [(Channel::Stdout, Bytes::from("hello"))]);
    }
}
