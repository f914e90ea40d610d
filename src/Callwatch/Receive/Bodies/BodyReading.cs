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
/// Reads a body as it comes. It may pause, but as a whole must not stay below the least rate for longer than the time granted:
/// a sender that dribbles would hold its connection and memory for as long as it likes.
/// </summary>
internal static class BodyReading
{
    public static async Task<BodyEnd> ReadAsync(PipeReader body, PayloadBuffer into, ReceiveOptions options, TimeProvider time, CancellationToken cancel)
    {
        // Not by a token: a reader left in the middle of a read cannot be drained by the web server afterwards.
        await using var timer = time.CreateTimer(state => ((PipeReader)state!).CancelPendingRead(), body, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        await using var leaving = cancel.Register(state => ((PipeReader)state!).CancelPendingRead(), body);
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                var reading = body.ReadAsync(CancellationToken.None);
                if (!reading.IsCompleted) timer.Change(TimeLeft(into.Length, time.GetElapsedTime(began), options), Timeout.InfiniteTimeSpan);
                var read = await reading;
                foreach (var part in read.Buffer) into.Append(part.Span);
                body.AdvanceTo(read.Buffer.End);
                if (into.Trouble != BufferTrouble.None) return BodyEnd.NoRoom;
                if (read.IsCompleted) return BodyEnd.Whole;
                if (cancel.IsCancellationRequested) return BodyEnd.Abandoned;
                if (TimeLeft(into.Length, time.GetElapsedTime(began), options) == TimeSpan.Zero) return BodyEnd.TooSlow;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The connection broke, or the web server closed it.
            return BodyEnd.Abandoned;
        }
    }

    /// <summary>Until what has come so far would be too little.</summary>
    private static TimeSpan TimeLeft(int received, TimeSpan elapsed, ReceiveOptions options)
    {
        var enough = TimeSpan.FromSeconds((double)received / options.MinBytesPerSecond);
        var left = (enough > options.SlowSenderAfter ? enough : options.SlowSenderAfter) - elapsed;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
