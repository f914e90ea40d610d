using System.IO.Pipelines;
using Callwatch.Receive;
using Callwatch.Receive.Bodies;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Receive.Bodies;

public sealed class BodyReadingTests : IDisposable
{
    private static readonly ReceiveOptions Options = new() { SlowSenderAfter = TimeSpan.FromSeconds(10), MinBytesPerSecond = 100 };

    private readonly ManualTime time = new();
    private readonly Pipe pipe = new(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
    private readonly PayloadBuffer into = new(budget: null, 1 << 20);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_keeps_coming_may_take_its_time()
    {
        var reading = Read();
        for (var i = 0; i < 100; i++)
        {
            await pipe.Writer.WriteAsync(new byte[150], Cancel);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(reading.IsCompleted);
        await pipe.Writer.CompleteAsync();
        Assert.Equal(BodyEnd.Whole, await reading);
        Assert.Equal(15_000, into.Length);
    }

    [Fact]
    public async Task What_came_quickly_at_first_buys_no_time_for_later()
    {
        var reading = Read();
        await pipe.Writer.WriteAsync(new byte[500_000], Cancel);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(reading.IsCompleted);
        await pipe.Writer.WriteAsync(new byte[900], Cancel);
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(BodyEnd.TooSlow, await reading);
    }

    [Fact]
    public async Task Silence_is_too_slow_and_leaves_the_body_readable()
    {
        var reading = Read();
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(reading.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(BodyEnd.TooSlow, await reading);
        await pipe.Writer.WriteAsync(new byte[1], Cancel);
        Assert.Equal(1, (await pipe.Reader.ReadAsync(Cancel)).Buffer.Length);
    }

    [Fact]
    public async Task A_sender_that_leaves_ends_it()
    {
        using var gone = new CancellationTokenSource();
        var reading = ReadUntil(gone.Token);
        await gone.CancelAsync();
        Assert.Equal(BodyEnd.Abandoned, await reading);

        var broken = Read();
        await pipe.Writer.CompleteAsync(new IOException("reset"));
        Assert.Equal(BodyEnd.Abandoned, await broken);
    }

    [Fact]
    public async Task A_full_buffer_ends_it()
    {
        var reading = Read();
        await pipe.Writer.WriteAsync(new byte[(1 << 20) + 1], Cancel);
        Assert.Equal(BodyEnd.NoRoom, await reading);
        Assert.Equal(BufferTrouble.OverLimit, into.Trouble);
    }

    public void Dispose() => into.Dispose();

    private Task<BodyEnd> Read() => ReadUntil(CancellationToken.None);

    private Task<BodyEnd> ReadUntil(CancellationToken cancel) => BodyReading.ReadAsync(pipe.Reader, into, Options, time, cancel);
}
