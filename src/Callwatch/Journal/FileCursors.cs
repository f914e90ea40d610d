using System.Buffers.Binary;
using System.Text;
using Callwatch.Journal.Segments;
using Callwatch.Journal.Writing;
using Callwatch.Telemetry;
using Microsoft.Extensions.Logging;

namespace Callwatch.Journal;

/// <summary>
/// One small file per reader with two slots, 4 KiB apart, written in turn, so that a torn write leaves the place before it. A slot, little-endian:
/// sequence 8, epoch 16, number 8, length of the name 4, name, and in its last 4 bytes the CRC-32C of all before.
/// </summary>
internal sealed partial class FileCursors : ICursors, IDisposable
{
    private const int SlotBytes = 512;

    // Apart by a page, the most a disk may tear: a write of one slot cannot harm the other.
    private const int SlotStride = 4096;
    private const int MaxNameBytes = SlotBytes - 40;

    private readonly Lock gate = new();
    private readonly string folder;
    private readonly IJournalFiles files;
    private readonly Dictionary<string, Slot> places = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IJournalFile> open = new(StringComparer.Ordinal);

    public FileCursors(string folder, IJournalFiles files, Counters counters, ILogger log)
    {
        (this.folder, this.files) = (folder, files);
        Directory.CreateDirectory(folder);
        foreach (var path in Directory.EnumerateFiles(folder, "*.cursor"))
        {
            var bytes = File.ReadAllBytes(path);
            var slots = new[] { Read(bytes, 0), Read(bytes, 1) }.OfType<Slot>().ToList();
            if (slots.MaxBy(slot => slot.Sequence) is { } newest) places[newest.Reader] = newest;
            else if (bytes.AsSpan().ContainsAnyExcept((byte)0)) SetAside(path, counters, log);
        }
    }

    public Position? Find(string reader)
    {
        lock (gate) return places.TryGetValue(reader, out var slot) ? slot.Position : null;
    }

    public bool TryAdvance(string reader, Position? from, Position to)
    {
        lock (gate)
        {
            var now = places.GetValueOrDefault(reader);
            if (now?.Position != from) return false;
            var next = new Slot(reader, (now?.Sequence ?? 0) + 1, to);
            if (!open.TryGetValue(reader, out var file)) open.Add(reader, file = OpenFile(reader));
            file.Write([Bytes(next)], next.Sequence % 2 * SlotStride);
            file.Sync();
            places[reader] = next;
            return true;
        }
    }

    public IReadOnlyDictionary<string, Position> All()
    {
        lock (gate) return places.ToDictionary(place => place.Key, place => place.Value.Position, StringComparer.Ordinal);
    }

    public void Dispose()
    {
        lock (gate)
        {
            foreach (var file in open.Values) file.Dispose();
            open.Clear();
        }
    }

    private IJournalFile OpenFile(string reader)
    {
        // Any name is allowed: a hash makes it one a file can have, the slot says whose it is.
        var path = Path.Combine(folder, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(reader)).AsSpan(0, 16)) + ".cursor");
        if (File.Exists(path)) return files.Open(path);
        var file = files.Create(path, 2 * SlotStride);
        file.Sync();
        files.SyncFolder(folder);
        return file;
    }

    private static byte[] Bytes(Slot slot)
    {
        var name = Encoding.UTF8.GetBytes(slot.Reader);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, MaxNameBytes, nameof(slot));
        var bytes = new byte[SlotBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, slot.Sequence);
        slot.Position.Epoch.TryWriteBytes(bytes.AsSpan(8));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), slot.Position.Number);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), name.Length);
        name.CopyTo(bytes.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SlotBytes - 4), Crc32C.Of(bytes.AsSpan(0, SlotBytes - 4)));
        return bytes;
    }

    private static Slot? Read(ReadOnlySpan<byte> file, int slot)
    {
        if (file.Length < (slot * SlotStride) + SlotBytes) return null;
        var bytes = file.Slice(slot * SlotStride, SlotBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[(SlotBytes - 4)..]) != Crc32C.Of(bytes[..(SlotBytes - 4)])) return null;
        var (sequence, length) = (BinaryPrimitives.ReadInt64LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]));
        if (sequence < 1 || length is < 0 or > MaxNameBytes) return null;
        return new Slot(Encoding.UTF8.GetString(bytes.Slice(36, length)), sequence, new Position(new Guid(bytes[8..24]), BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])));
    }

    private void SetAside(string path, Counters counters, ILogger log)
    {
        counters.Add(Reason.DamagedRecord);
        CursorDamaged(log, path);
        files.Rename(path, path + ".damaged");
    }

    [LoggerMessage(EventId = 231, Level = LogLevel.Error, Message = "{Path} is damaged and was set aside; its reader begins anew")]
    private static partial void CursorDamaged(ILogger log, string path);

    private sealed record Slot(string Reader, long Sequence, Position Position);
}
