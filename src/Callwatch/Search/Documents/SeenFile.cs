using System.Text;
using Callwatch.Journal;
using Microsoft.Extensions.Logging;

namespace Callwatch.Search.Documents;

/// <summary>
/// <c>seen.bin</c>: the messages that were seen up to a journal record, so that a start need read only what came since to know what is new.
/// Without it a few messages are indexed once more, which costs a little room and nothing else.
/// </summary>
internal sealed partial class SeenFile(string folder, ILogger log)
{
    private static readonly byte[] Magic = "CWSEEN01"u8.ToArray();

    private readonly string path = Path.Combine(folder, "seen.bin");

    public void Save(SeenMessages seen, Position through)
    {
        try
        {
            var fresh = path + ".new";
            using (var file = new FileStream(fresh, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                file.Write(Magic);
                using (var header = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
                {
                    header.Write(through.Epoch.ToByteArray());
                    header.Write(through.Number);
                }

                seen.Write(file);
                file.Write(Magic);
                file.Flush(flushToDisk: true);
            }

            File.Move(fresh, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotSaved(e.Message);
        }
    }

    /// <summary>The record up to which messages are now seen; null, and none is, when there is no such file of this journal.</summary>
    public long? Load(SeenMessages seen, Guid epoch)
    {
        try
        {
            if (!File.Exists(path)) return null;
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
            Span<byte> magic = stackalloc byte[8];
            file.ReadExactly(magic);
            if (!magic.SequenceEqual(Magic)) return null;
            using var header = new BinaryReader(file, Encoding.UTF8, leaveOpen: true);
            var (found, number) = (new Guid(header.ReadBytes(16)), header.ReadInt64());
            if (found != epoch) return null;
            seen.Read(file);
            file.ReadExactly(magic);
            if (magic.SequenceEqual(Magic)) return number;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            NotRead(e.Message);
        }

        seen.Clear();
        return null;
    }

    [LoggerMessage(EventId = 452, Level = LogLevel.Warning, Message = "Which messages were seen could not be written down ({Why}); a start may index some once more")]
    private partial void NotSaved(string why);

    [LoggerMessage(EventId = 453, Level = LogLevel.Warning, Message = "Which messages were seen cannot be read ({Why}); some may be indexed once more")]
    private partial void NotRead(string why);
}
