using System.Net;

namespace Callwatch.Client.Capture;

/// <summary>The answer's body, looked at while the caller reads it: nothing is held back, read ahead or kept from it.</summary>
internal sealed class ResponseTee : HttpContent
{
    private readonly HttpContent inner;
    private readonly Watching watching;

    public ResponseTee(HttpContent inner, Watching watching)
    {
        (this.inner, this.watching) = (inner, watching);
        foreach (var header in inner.Headers.NonValidated) Headers.TryAddWithoutValidation(header.Key, header.Value);
    }

    protected override async Task<Stream> CreateContentReadStreamAsync() => new ReadTee(await inner.ReadAsStreamAsync().ConfigureAwait(false), watching);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new ReadTee(await inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), watching);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken) => new ReadTee(inner.ReadAsStream(cancellationToken), watching);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var from = new ReadTee(await inner.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), watching);
        await using (from.ConfigureAwait(false)) await from.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var from = new ReadTee(inner.ReadAsStream(cancellationToken), watching);
        from.CopyTo(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = inner.Headers.ContentLength ?? 0;
        return inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            watching.LeftAlone();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Passes on what is read.</summary>
internal sealed class ReadTee(Stream inner, Watching watching) : Stream
{
    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override bool CanTimeout => inner.CanTimeout;

    public override int ReadTimeout
    {
        get => inner.ReadTimeout;
        set => inner.ReadTimeout = value;
    }

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read;
        try
        {
            read = inner.Read(buffer);
        }
        catch (Exception e)
        {
            watching.Failed(e);
            throw;
        }

        Saw(buffer[..read], buffer.Length);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        try
        {
            read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            watching.Failed(e);
            throw;
        }

        Saw(buffer.Span[..read], buffer.Length);
        return read;
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
            watching.LeftAlone();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    public override async ValueTask DisposeAsync()
    {
        watching.LeftAlone();
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    // A read into no room waits for bytes, and ends nothing.
    private void Saw(ReadOnlySpan<byte> bytes, int room)
    {
        if (!bytes.IsEmpty) watching.Received(bytes);
        else if (room > 0) watching.Ended();
    }
}
