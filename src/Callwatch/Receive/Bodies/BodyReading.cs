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
        using var tooSlow = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using var timer = time.CreateTimer(state => ((CancellationTokenSource)state!).Cancel(), tooSlow, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                var reading = body.ReadAsync(tooSlow.Token);
                if (!reading.IsCompleted) timer.Change(TimeLeft(into.Length, time.GetElapsedTime(began), options), Timeout.InfiniteTimeSpan);
                var read = await reading;
                foreach (var part in read.Buffer) into.Append(part.Span);
                body.AdvanceTo(read.Buffer.End);
                if (into.Trouble != BufferTrouble.None) return BodyEnd.NoRoom;
                if (read.IsCompleted) return BodyEnd.Whole;
                if (TimeLeft(into.Length, time.GetElapsedTime(began), options) == TimeSpan.Zero) return BodyEnd.TooSlow;
            }
        }
        catch (OperationCanceledException)
        {
            return cancel.IsCancellationRequested ? BodyEnd.Abandoned : BodyEnd.TooSlow;
        }
        catch (IOException)
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
