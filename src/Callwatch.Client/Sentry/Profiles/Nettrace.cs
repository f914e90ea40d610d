using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Callwatch.Client.Sentry.Profiles;

/// <summary>
/// Reads the format nettrace, version 4, as the runtime writes it (microsoft/perfview, "NetTraceFormat_v5"), as far as stack samples need it: samples of
/// the sample profiler with their stacks, and at the end which method lies where. What it does not know it passes over; what is broken ends the reading.
/// </summary>
internal sealed class Nettrace(Stream from, SampleSink sink)
{
    private const int MostBlock = 64 << 20;
    private const string Samples = "Microsoft-DotNETCore-SampleProfiler";

    private readonly Dictionary<int, (string Provider, int Event)> kinds = [];
    private readonly Dictionary<int, ulong[]> stacks = [];
    private long position;
    private int pointerSize = 8;

    /// <summary>To the end; false when the bytes are not what they should be.</summary>
    public bool Read()
    {
        try
        {
            if (!Bytes(8).AsSpan().SequenceEqual("Nettrace"u8) || Int() != 20 || !Bytes(20).AsSpan().SequenceEqual("!FastSerialization.1"u8)) return false;
            while (true)
            {
                switch (Byte())
                {
                    case 1:
                        return true;
                    case 5:
                        Object();
                        break;
                    default:
                        return false;
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return false;
        }
    }

    private void Object()
    {
        Expect(5);
        Expect(1);
        Int();
        Int();
        var length = Int();
        if (length is < 1 or > 64) throw new InvalidDataException("name of a block");
        var name = System.Text.Encoding.ASCII.GetString(Bytes(length));
        Expect(6);
        if (name == "Trace")
        {
            var head = Bytes(48);
            pointerSize = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(32));
            if (pointerSize is not (4 or 8)) throw new InvalidDataException("size of pointers");
            sink.Begin(Moment(head), BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(16)), BinaryPrimitives.ReadInt64LittleEndian(head.AsSpan(24)));
        }
        else
        {
            var size = Int();
            if (size is < 0 or > MostBlock) throw new InvalidDataException("size of a block");
            if (position % 4 != 0) Bytes((int)(4 - (position % 4)));
            var block = Bytes(size);
            if (name == "StackBlock") Stacks(block);
            else if (name is "EventBlock" or "MetadataBlock") Events(block, name == "MetadataBlock");
        }

        Expect(6);
    }

    private void Stacks(byte[] block)
    {
        var at = 8;
        var (first, count) = (BinaryPrimitives.ReadInt32LittleEndian(block), BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(4)));
        for (var i = 0; i < count; i++)
        {
            var size = BinaryPrimitives.ReadInt32LittleEndian(block.AsSpan(at));
            at += 4;
            var bytes = block.AsSpan(at, size);
            stacks[first + i] = pointerSize == 8 ? MemoryMarshal.Cast<byte, ulong>(bytes).ToArray() : [.. MemoryMarshal.Cast<byte, uint>(bytes).ToArray().Select(pointer => (ulong)pointer)];
            at += size;
        }
    }

    // Each header tells only what differs from the one before it.
    private void Events(byte[] block, bool metadata)
    {
        var at = (int)BinaryPrimitives.ReadInt16LittleEndian(block);
        if ((BinaryPrimitives.ReadInt16LittleEndian(block.AsSpan(2)) & 1) == 0) throw new InvalidDataException("headers that are not packed");
        var (kind, stack, size) = (0, 0, 0);
        var (thread, time) = (0L, 0L);
        while (at < block.Length)
        {
            var flags = block[at++];
            if ((flags & 1) != 0) kind = (int)Packed(block, ref at);
            if ((flags & 2) != 0)
            {
                Packed(block, ref at);
                Packed(block, ref at);
                Packed(block, ref at);
            }

            if ((flags & 4) != 0) thread = (long)Packed(block, ref at);
            if ((flags & 8) != 0) stack = (int)Packed(block, ref at);
            time += (long)Packed(block, ref at);
            if ((flags & 16) != 0) at += 16;
            if ((flags & 32) != 0) at += 16;
            if ((flags & 128) != 0) size = (int)Packed(block, ref at);
            var payload = block.AsSpan(at, size);
            at += size;
            if (metadata) Kind(payload);
            else if (kinds.TryGetValue(kind & 0x7FFF_FFFF, out var known)) Event(known, thread, time, stack, payload);
        }
    }

    private void Kind(ReadOnlySpan<byte> payload)
    {
        var id = BinaryPrimitives.ReadInt32LittleEndian(payload);
        var rest = payload[4..];
        var provider = Text(ref rest);
        kinds[id] = (provider, BinaryPrimitives.ReadInt32LittleEndian(rest));
    }

    private void Event((string Provider, int Event) kind, long thread, long time, int stack, ReadOnlySpan<byte> payload)
    {
        if (kind.Provider == Samples)
        {
            if (stacks.TryGetValue(stack, out var addresses) && payload.Length >= 4) sink.Sample(thread, time, addresses, isManaged: BinaryPrimitives.ReadInt32LittleEndian(payload) == 2);
        }
        else if (kind.Provider.StartsWith("Microsoft-Windows-DotNETRuntime", StringComparison.Ordinal))
        {
            Told(kind.Event, payload);
        }
    }

    // What lies where (CoreCLR, ClrEtwAll.man): only what a stack goes through is kept, a process has tens of thousands of methods.
    private void Told(int about, ReadOnlySpan<byte> payload)
    {
        switch (about)
        {
            // MethodLoadVerbose and MethodDCEndVerbose: ids of method and module, where its code lies, its token, its names.
            case 143 or 144 when payload.Length > 36:
                var start = BinaryPrimitives.ReadUInt64LittleEndian(payload[16..]);
                var size = BinaryPrimitives.ReadUInt32LittleEndian(payload[24..]);
                if (!sink.Wants(start, size))
                {
                    sink.Codes.Pass();
                    break;
                }

                var rest = payload[36..];
                var type = Text(ref rest);
                sink.Codes.Add(new CodeMap.Method(
                    BinaryPrimitives.ReadUInt64LittleEndian(payload), start, size, BinaryPrimitives.ReadUInt64LittleEndian(payload[8..]), BinaryPrimitives.ReadInt32LittleEndian(payload[28..]), type, Text(ref rest)));
                break;
            // MethodDCEndILToNativeMap: id of the method, of its version, a byte, a count, offsets in IL, offsets in its code.
            case 150 when payload.Length > 19:
                var count = BinaryPrimitives.ReadUInt16LittleEndian(payload[17..]);
                if (payload.Length >= 19 + (count * 8)) sink.Codes.Offsets(BinaryPrimitives.ReadUInt64LittleEndian(payload), payload.Slice(19, count * 8));
                break;
            // ModuleDCEnd: ids of module and assembly, eight bytes, its path.
            case 154 when payload.Length > 24:
                var path = payload[24..];
                sink.Codes.Module(BinaryPrimitives.ReadUInt64LittleEndian(payload), Text(ref path));
                break;
        }
    }

    private static string Text(ref ReadOnlySpan<byte> from)
    {
        var letters = MemoryMarshal.Cast<byte, char>(from);
        var end = letters.IndexOf('\0');
        if (end < 0) throw new InvalidDataException("text without an end");
        var text = letters[..end].ToString();
        from = from[((end + 1) * 2)..];
        return text;
    }

    private static ulong Packed(byte[] block, ref int at)
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = block[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if ((next & 0x80) == 0) return value;
        }

        throw new InvalidDataException("number without an end");
    }

    // Year, month, day of week, day, hour, minute, second, millisecond.
    private static DateTimeOffset Moment(byte[] head)
    {
        int Part(int i) => BinaryPrimitives.ReadInt16LittleEndian(head.AsSpan(i * 2));
        return new DateTimeOffset(Part(0), Part(1), Part(3), Part(4), Part(5), Part(6), Part(7), TimeSpan.Zero);
    }

    private void Expect(byte tag)
    {
        if (Byte() != tag) throw new InvalidDataException("tag");
    }

    private byte Byte() => Bytes(1)[0];

    private int Int() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        from.ReadExactly(bytes);
        position += count;
        return bytes;
    }
}
