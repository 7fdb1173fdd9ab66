//! The byte streams under AMQP: streams that can be aborted, streams that accept bytes back, and WebSockets.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use futures::task::AtomicWaker;
use futures::{Sink, SinkExt, StreamExt, TryStreamExt, future};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use crate::amqp::ending::Ending;
use crate::amqp::incoming::Incoming;
use crate::amqp::{idle, tags};

/// A transport of AMQP.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

/// A handle that can break a connection. Clones refer to the same connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct AbortHandle(Arc<AbortState>);

#[derive(Debug, Default)]
struct AbortState {
    set: AtomicBool,
    reader: AtomicWaker,
}

impl AbortHandle {
    /// Breaks the connection without closing it, over TCP with a reset.
    pub(crate) fn abort(&self) {
        self.0.set.store(true, Ordering::SeqCst);
        self.0.reader.wake();
    }

    /// Returns whether the connection is still open.
    pub(crate) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    fn check(&self) -> io::Result<()> {
        if self.0.set.load(Ordering::SeqCst) {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "aborted by a test",
            ));
        }
        Ok(())
    }
}

/// A transport that can be aborted.
pub(crate) trait Abort {
    /// Makes the next close a reset, if the transport supports it.
    fn abort(&self);
}

impl Abort for TcpStream {
    fn abort(&self) {
        if let Err(error) = self.set_zero_linger() {
            tracing::debug!(%error, "could not request a reset; the connection is closed instead");
        }
    }
}

/// A stream that an [`AbortHandle`] can break.
pub(crate) struct AbortableStream<S: Abort> {
    stream: S,
    abort_handle: AbortHandle,
}

impl<S: Abort> AbortableStream<S> {
    pub(crate) fn new(stream: S, abort_handle: AbortHandle) -> Self {
        Self { stream, abort_handle }
    }
}

impl<S: Abort> Drop for AbortableStream<S> {
    fn drop(&mut self) {
        if self.abort_handle.check().is_err() {
            self.stream.abort();
        }
    }
}

impl<S: Abort + AsyncRead + Unpin> AsyncRead for AbortableStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.abort_handle.0.reader.register(context.waker());
        self.abort_handle.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Abort + AsyncWrite + Unpin> AsyncWrite for AbortableStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.abort_handle.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.abort_handle.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.abort_handle.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A stream to which read bytes can be returned. It changes [delivery tags](tags) and the announced [idle limit](idle) in
/// outgoing frames, and closes the connection with an error if a client is idle for too long, or sends a frame that the
/// AMQP library cannot decode or would ignore.
pub(crate) struct Stream {
    unread: Bytes,
    incoming: Incoming,
    ending: Ending,
    /// The beginning of an incomplete outgoing frame.
    incomplete: BytesMut,
    outgoing: VecDeque<Bytes>,
    inner: Box<dyn Io>,
}

impl Stream {
    pub(crate) fn new(inner: impl Io + 'static) -> Self {
        Self {
            unread: Bytes::new(),
            incoming: Incoming::default(),
            ending: Ending::default(),
            incomplete: BytesMut::new(),
            outgoing: VecDeque::new(),
            inner: Box::new(inner),
        }
    }

    /// Returns bytes to the stream, so that they are read next.
    pub(crate) fn unread(self, bytes: Bytes) -> Self {
        Self {
            unread: bytes,
            ..self
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            let start = buffer.filled().len();
            ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
            let received = buffer.filled().get(start..).unwrap_or_default();
            let followed = self.incoming.follow(received);
            return Poll::Ready(followed.map_err(|error| self.ending.set(error)));
        }
        let length = self.unread.len().min(buffer.remaining());
        let bytes = self.unread.split_to(length);
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl Stream {
    /// Writes the complete frames.
    fn poll_drain(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(frame) = self.outgoing.front_mut() {
            if frame.is_empty() {
                self.outgoing.pop_front();
                continue;
            }
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, frame))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            frame.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Applies backpressure: at most one frame is buffered.
        ready!(self.poll_drain(context))?;
        let this = &mut *self;
        this.incomplete.extend_from_slice(bytes);
        while let Some(frame) = tags::next_frame(&mut this.incomplete) {
            this.ending.follow(&frame);
            this.outgoing.push_back(idle::announce_half(frame));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.incoming.is_idle() {
            self.ending.set_idle();
        }
        if let Some(close) = self.ending.close_frame() {
            self.outgoing.push_back(close);
        }
        ready!(self.poll_drain(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Wraps a WebSocket as the stream of bytes in its binary messages. A text message is an error.
pub(crate) fn of_websocket<S>(socket: WebSocketStream<S>) -> Stream
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sink, stream) = socket.split();
    let incoming = stream.map_err(io::Error::other).try_filter_map(|message| {
        future::ready(match message {
            Message::Binary(bytes) => Ok(Some(bytes)),
            Message::Text(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "a text message")),
            _ => Ok(None),
        })
    });
    let reader = StreamReader::new(incoming);
    let writer = SinkWriter::new(CopyToBytes::new(Binary(sink)));
    Stream::new(tokio::io::join(reader, writer))
}

/// A sink that sends bytes as binary messages. The combinators of `futures` panic if they are used after an error,
/// but a connection sends its close performative after an error.
struct Binary<S>(S);

impl<S: Sink<Message, Error = tungstenite::Error> + Unpin> Sink<Bytes> for Binary<S> {
    type Error = io::Error;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready_unpin(context).map_err(io::Error::other)
    }

    fn start_send(mut self: Pin<&mut Self>, bytes: Bytes) -> io::Result<()> {
        self.0
            .start_send_unpin(Message::Binary(bytes))
            .map_err(io::Error::other)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush_unpin(context).map_err(io::Error::other)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_unpin(context).map_err(io::Error::other)
    }
}
