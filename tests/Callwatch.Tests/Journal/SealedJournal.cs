using Callwatch.Journal;
using Callwatch.Journal.Sealing;
using Callwatch.Journal.Writing;
using Callwatch.Spans;
using Callwatch.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Tests.Journal;

/// <summary>Records to be sealed, and sealing without a thread of its own.</summary>
internal static class SealedJournal
{
    /// <summary>Small windows, all at once due.</summary>
    public static JournalOptions Options(long segmentBytes = 16 * 1024, long windowBytes = 64 * 1024) =>
        new() { SegmentBytes = segmentBytes, BallastBytes = 0, SealWindowBytes = windowBytes, SealAge = TimeSpan.Zero };

    /// <summary>Seals until nothing is due; returns how many windows.</summary>
    public static int Seal(this SegmentJournal journal, JournalOptions options, IJournalFiles? files = null, TimeProvider? time = null, params IJournalReader[] readers)
    {
        var sealer = journal.Sealer(options, files, time, readers);
        var windows = 0;
        while (sealer.SealOne()) windows++;
        return windows;
    }

    public static Sealer Sealer(this SegmentJournal journal, JournalOptions options, IJournalFiles? files = null, TimeProvider? time = null, params IJournalReader[] readers) =>
        new(journal, options, readers, files ?? DiskFiles.Instance, time ?? TimeProvider.System, new Unhurried(), NullLogger.Instance);

    /// <summary>Chats in some sessions whose histories grow, plain spans, logs, bytes that are no protobuf, nothing at all, and records larger than a frame.</summary>
    public static JournalEntry Random(Random random, int tenants = 3, int apps = 3)
    {
        var signal = (Signal)random.Next(1, 5);
        var payload = random.Next(12) switch
        {
            0 => [],
            1 => Junk(random, random.Next(5000)),
            2 when random.Next(8) == 0 => Junk(random, random.Next(3 << 20)),
            3 when random.Next(4) == 0 => Request(random, 1, signal, random.Next(2 << 20)),
            _ => Request(random, random.Next(1, 9), signal, random.Next(6000)),
        };
        return new JournalEntry
        {
            Signal = signal,
            TenantId = random.Next(1, tenants + 1),
            AppId = random.Next(1, apps + 1),
            KeyId = random.Next(4),
            ReceivedAt = new Timestamp(1_790_000_000_000_000_000 + random.NextInt64(1_000_000_000_000)),
            ItemCount = random.Next(60),
            Payload = payload,
        };
    }

    /// <summary>A request of spans or log records, each of one of ten sessions, users or traces.</summary>
    public static byte[] Request(Random random, int items, Signal signal, int bytesEach)
    {
        var scope = new ProtobufBytes().Message(1, new ProtobufBytes().Text(1, "test"));
        for (var i = 0; i < items; i++)
        {
            var trace = BitConverter.GetBytes((long)random.Next(20)).Concat(BitConverter.GetBytes(7L)).ToArray();
            var item = signal == Signal.Logs ? new ProtobufBytes().Fixed64(1, (ulong)random.Next(1000)).Bytes(9, trace) : new ProtobufBytes().Bytes(1, trace).Bytes(2, BitConverter.GetBytes(random.NextInt64())).Fixed64(7, (ulong)random.Next(1000));
            var attribute = signal == Signal.Logs ? 6 : 9;
            if (random.Next(4) > 0) item.Attribute(attribute, random.Next(3) == 0 ? "user.id" : "session.id", $"{random.Next(10)}");
            item.Attribute(attribute, "text", Text(random.Next(10), random.Next(bytesEach + 1)));
            scope.Message(2, item);
        }

        var resource = new ProtobufBytes().Attribute(1, "service.name", "test");
        return new ProtobufBytes().Message(1, new ProtobufBytes().Message(1, resource).Message(2, scope)).ToArray();
    }

    /// <summary>The same beginning for the same seed: a history that has grown so far.</summary>
    public static string Text(int seed, int length)
    {
        var random = new Random(seed);
        var text = new System.Text.StringBuilder(length + 10);
        while (text.Length < length) text.Append("alfa beta gamma delta epsilon zeta eta theta ".AsSpan(random.Next(20), random.Next(3, 25)));
        return text.ToString(0, length);
    }

    private static byte[] Junk(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private sealed class Unhurried : IPace
    {
        public void Rest()
        {
        }

        public void Wait()
        {
        }
    }
}
