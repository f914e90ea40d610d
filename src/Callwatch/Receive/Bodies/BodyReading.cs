using System.IO.Pipelines;

namespace Callwatch.Receive.Bodies;

/// <summary>How the reading of a body ended.</summary>
internal enum BodyEnd : byte
{
    Whole,

    /// <summary>The buffer could not grow; its <see cref="PayloadBuffer.Trouble"/> says why.</summary>
    NoRoom,
    TooSlow,
    Abandoned,
}

/// <summary>
/// Reads a body as it comes. It may pause, but each stretch of the time granted must bring as much as the least rate asks, the first as
/// well as the last: a sender that dribbles would hold its connection, and what it has sent before, for as long as it likes.
/// </summary>
internal static class BodyReading
{
    public static async Task<BodyEnd> ReadAsync(PipeReader body, PayloadBuffer into, ReceiveOptions options, TimeProvider time, CancellationToken cancel)
    {
        // Not by a token: a reader left in the middle of a read cannot be drained by the web server afterwards.
        await using var timer = time.CreateTimer(state => ((PipeReader)state!).CancelPendingRead(), body, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var leaving = cancel.Register(state => ((PipeReader)state!).CancelPendingRead(), body);
        var (stretchBegan, before) = (time.GetTimestamp(), 0);
        try
        {
            while (true)
            {
                var reading = body.ReadAsync(CancellationToken.None);
                if (!reading.IsCompleted) timer.Change(TimeLeft(time.GetElapsedTime(stretchBegan), options), Timeout.InfiniteTimeSpan);
                var read = await reading;
                foreach (var part in read.Buffer) into.Append(part.Span);
                body.AdvanceTo(read.Buffer.End);
                if (into.Trouble != BufferTrouble.None) return BodyEnd.NoRoom;
                if (read.IsCompleted) return BodyEnd.Whole;
                if (cancel.IsCancellationRequested) return BodyEnd.Abandoned;
                if (TimeLeft(time.GetElapsedTime(stretchBegan), options) > TimeSpan.Zero) continue;
                if (into.Length - before < options.MinBytesPerSecond * options.SlowSenderAfter.TotalSeconds) return BodyEnd.TooSlow;
                (stretchBegan, before) = (time.GetTimestamp(), into.Length);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The connection broke, or the web server closed it.
            return BodyEnd.Abandoned;
        }
    }

    private static TimeSpan TimeLeft(TimeSpan elapsed, ReceiveOptions options) =>
        elapsed < options.SlowSenderAfter ? options.SlowSenderAfter - elapsed : TimeSpan.Zero;
}
