using System.Net;

namespace Callwatch.Forward.Outbound;

/// <summary>Keeps what platforms answer within bounds of size and time, the body included: nobody can fill memory or hold a lane for ever with an answer.</summary>
internal sealed class BoundedAnswers(HttpMessageHandler inner, TimeSpan within, TimeProvider time) : DelegatingHandler(inner)
{
    public const long MostBytes = 4L << 20;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        using var late = new CancellationTokenSource(within, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, end.Token);
        }
        catch (OperationCanceledException e) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TaskCanceledException("The answer did not come in time.", e);
        }

        var content = new BoundedContent(response.Content, within - time.GetElapsedTime(began), time);
        foreach (var (name, values) in response.Content.Headers.NonValidated) content.Headers.TryAddWithoutValidation(name, values);
        response.Content = content;
        return response;
    }

    private sealed class BoundedContent(HttpContent content, TimeSpan left, TimeProvider time) : HttpContent
    {
        protected override async Task<Stream> CreateContentReadStreamAsync() => await CreateContentReadStreamAsync(CancellationToken.None);

        protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => new BoundedStream(await content.ReadAsStreamAsync(cancellationToken), left, time);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await using var body = await CreateContentReadStreamAsync(cancellationToken);
            await body.CopyToAsync(stream, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) content.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class BoundedStream(Stream inner, TimeSpan left, TimeProvider time) : Stream
    {
        private readonly CancellationTokenSource late = new(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1), time);
        private long read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => read; set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
            int count;
            try
            {
                count = await inner.ReadAsync(buffer, end.Token);
            }
            catch (OperationCanceledException e) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                throw new TaskCanceledException("The answer did not come in time.", e);
            }

            read += count;
            return read <= MostBytes ? count : throw new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, "The answer is too large.");
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count)
        {
            var length = inner.Read(buffer, offset, count);
            read += length;
            return read <= MostBytes ? length : throw new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, "The answer is too large.");
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                late.Dispose();
                inner.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
