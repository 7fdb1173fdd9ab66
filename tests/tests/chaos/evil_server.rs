//! An HTTPS server that sends arbitrary bytes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::server_tls::server_config;

/// The reaction to every request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// These bytes, then the end of the connection.
    Bytes(Vec<u8>),
    /// A head, then these bytes again and again with a pause before each, until the client closes the connection.
    Endless {
        head: String,
        chunk: Vec<u8>,
        pause: Duration,
    },
}

impl Answer {
    /// Creates a complete response with these header lines.
    pub(crate) fn response(status: u16, headers: &[&str], body: &str) -> Self {
        let mut head = format!("HTTP/1.1 {status} Any\r\ncontent-length: {}\r\n", body.len());
        for header in headers {
            head += &format!("{header}\r\n");
        }
        Self::Bytes(format!("{head}\r\n{body}").into_bytes())
    }

    /// Creates a response from text that need not be HTTP.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Bytes(text.into().into_bytes())
    }
}

/// A running server.
pub(crate) struct EvilServer {
    /// Host and port.
    pub(crate) address: String,
    /// The certificate that clients must trust.
    pub(crate) pem: String,
    answer: Arc<Mutex<Answer>>,
    requests: Arc<Mutex<Vec<String>>>,
    /// Aborts the connections on drop.
    _tasks: JoinSet<()>,
}

impl EvilServer {
    pub(crate) async fn start() -> Self {
        let (pem, acceptor) = server_config();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("a bound socket").port();
        let answer = Arc::new(Mutex::new(Answer::text("")));
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (answer_now, log) = (answer.clone(), requests.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, answer, log) = (acceptor.clone(), answer_now.clone(), log.clone());
                connections.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        // The client closes connections whenever it likes.
                        serve(stream, &answer, &log).await.ok();
                    }
                });
            }
        });
        Self {
            address: format!("localhost:{port}"),
            pem,
            answer,
            requests,
            _tasks: tasks,
        }
    }

    /// Sets the reaction to every further request, and forgets the earlier requests.
    pub(crate) fn answer(&self, answer: Answer) {
        *lock(&self.answer) = answer;
        lock(&self.requests).clear();
    }

    /// Returns the heads of the requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        lock(&self.requests).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads one request and answers it.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &Mutex<Answer>,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let Some(head) = read_request(&mut stream).await? else {
        return Ok(());
    };
    lock(log).push(head);
    let answer = lock(answer).clone();
    match answer {
        Answer::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await
        }
        Answer::Endless { head, chunk, pause } => {
            stream.write_all(head.as_bytes()).await?;
            loop {
                tokio::time::sleep(pause).await;
                stream.write_all(&chunk).await?;
                stream.flush().await?;
            }
        }
    }
}

/// Returns the head of a request after its body has been read; `None` if the connection ends before.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut received = Vec::new();
    let end = loop {
        if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&received[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.map_or(Ok(0), |length| length.trim().parse::<usize>());
    let length = length.map_err(std::io::Error::other)?;
    while received.len() < end + length {
        if stream.read_buf(&mut received).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(head))
}
