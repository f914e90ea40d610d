using System.Buffers.Binary;
using Callwatch.Journal.Segments;
using Microsoft.Win32.SafeHandles;

namespace Callwatch.Journal.Sealing;

/// <summary>Where the frames of a sealed file lie and what it holds of each app. At the end of the file: apps, frames, CRC-32C of both.</summary>
internal sealed class SealedDirectory
{
    private SealedDirectory(IReadOnlyList<AppEntry> apps, IEnumerable<FrameEntry> frames)
    {
        Apps = apps;
        // A frame that stands there twice counts once.
        Heads = [.. frames.Where(frame => frame.Kind == FrameKind.Heads).OrderBy(frame => frame.First).DistinctBy(frame => frame.First)];
        Bodies = frames.Where(frame => frame.Kind == FrameKind.Bodies).DistinctBy(frame => frame.Ordinal).ToDictionary(frame => frame.Ordinal);
    }

    public IReadOnlyList<AppEntry> Apps { get; }

    /// <summary>In the order of their numbers.</summary>
    public FrameEntry[] Heads { get; }

    /// <summary>By ordinal.</summary>
    public Dictionary<int, FrameEntry> Bodies { get; }

    /// <summary>Whether it was lost and made again from the frames.</summary>
    public bool IsRebuilt { get; private init; }

    /// <summary>The head frame in which a number would lie.</summary>
    public FrameEntry? HeadOf(long number)
    {
        var at = FirstFrom(number);
        return at < Heads.Length && Heads[at].First <= number ? Heads[at] : null;
    }

    /// <summary>The first head frame that ends at or after a number.</summary>
    public int FirstFrom(long number)
    {
        var (low, high) = (0, Heads.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Heads[middle].Last < number) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    public static byte[] Bytes(IReadOnlyList<AppEntry> apps, IReadOnlyList<FrameEntry> frames)
    {
        var bytes = new byte[SizeOf(apps.Count, frames.Count)];
        for (var i = 0; i < apps.Count; i++) apps[i].Write(bytes.AsSpan(i * AppEntry.Size));
        for (var i = 0; i < frames.Count; i++) frames[i].WriteEntry(bytes.AsSpan((apps.Count * AppEntry.Size) + (i * FrameEntry.EntrySize)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Crc32C.Of(bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <summary>Null when it is damaged.</summary>
    public static SealedDirectory? Read(SafeFileHandle handle, SealedHeader header, long fileBytes)
    {
        if (header.Apps < 0 || header.Frames < 0) return null;
        var size = SizeOf(header.Apps, header.Frames);
        if (header.DirectoryAt < SealedHeader.Size || header.DirectoryAt > fileBytes - size) return null;
        var bytes = new byte[size];
        if (RandomAccess.Read(handle, bytes, header.DirectoryAt) != size) return null;
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan((int)size - 4)) != Crc32C.Of(bytes.AsSpan(0, (int)size - 4))) return null;
        var apps = new AppEntry[header.Apps];
        for (var i = 0; i < apps.Length; i++) apps[i] = AppEntry.Read(bytes.AsSpan(i * AppEntry.Size));
        var frames = new List<FrameEntry>(header.Frames);
        for (var i = 0; i < header.Frames; i++)
            if (FrameEntry.ReadEntry(bytes.AsSpan((apps.Length * AppEntry.Size) + (i * FrameEntry.EntrySize))) is { } frame) frames.Add(frame);
        return new SealedDirectory(apps, frames);
    }

    /// <summary>Finds the frames by their own headers, and reads the heads for what there is of each app.</summary>
    public static SealedDirectory Rebuild(SealedFile file, SafeFileHandle handle)
    {
        var frames = new List<FrameEntry>(FramesIn(handle, file.Header, file.FileBytes));
        var heads = frames.Where(frame => frame.Kind == FrameKind.Heads).OrderBy(frame => frame.First).DistinctBy(frame => frame.First).ToList();
        var apps = new Dictionary<int, AppEntry>();
        for (var i = 0; i < heads.Count; i++)
        {
            var last = i + 1 < heads.Count ? heads[i + 1].First - 1 : file.Header.LastNumber;
            frames[frames.IndexOf(heads[i])] = heads[i] with { Last = last };
            if (SealedFile.Inflate(handle, heads[i]) is not { } bytes) continue;
            var walk = new HeadWalk(bytes, heads[i].First);
            while (walk.MoveNext()) apps[walk.Header.AppId] = apps.GetValueOrDefault(walk.Header.AppId).With(walk.Header);
        }

        return new SealedDirectory([.. apps.Values.OrderBy(app => app.App)], frames) { IsRebuilt = true };
    }

    private static long SizeOf(int apps, int frames) => ((long)apps * AppEntry.Size) + ((long)frames * FrameEntry.EntrySize) + 4;

    private static IEnumerable<FrameEntry> FramesIn(SafeFileHandle handle, SealedHeader header, long fileBytes)
    {
        var window = new byte[FrameEntry.MostBytes];
        var pattern = BitConverter.GetBytes(header.Mark);
        for (long at = SealedHeader.Size; at + FrameEntry.HeaderSize <= fileBytes;)
        {
            var read = RandomAccess.Read(handle, window.AsSpan(0, FrameEntry.HeaderSize), at);
            if (read == FrameEntry.HeaderSize && FrameEntry.ReadHeader(window, header.Mark, at) is { } frame && frame.Next <= fileBytes)
            {
                yield return frame;
                at = frame.Next;
                continue;
            }

            // Not where it should be: the next one is known by the mark.
            read = RandomAccess.Read(handle, window, at + 1);
            var found = window.AsSpan(0, read).IndexOf(pattern);
            if (found < 0 && read < window.Length) yield break;
            at += 1 + (found >= 0 ? found : read - pattern.Length + 1);
        }
    }
}
