using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Callwatch.Receive.Importing;
using Callwatch.Spans;

namespace Callwatch.Cli.Importing;

/// <summary>A part of a file that stands for itself.</summary>
/// <param name="FirstLine">Of a file of lines, the number of the first one here; else 1.</param>
internal sealed record FilePiece(byte[] Bytes, long FirstLine, bool IsJson)
{
    /// <summary>The latest end of a span in it, in nanoseconds since 1970; null where none can be read.</summary>
    public long? LatestEnd()
    {
        if (!IsJson) return ImportTimes.LatestEnd(Bytes);
        long? latest = null;
        foreach (var line in Lines())
        {
            try
            {
                var reader = new Utf8JsonReader(line.Span, new JsonReaderOptions { MaxDepth = 1_000 });
                while (reader.Read())
                {
                    if (reader.TokenType != JsonTokenType.PropertyName) continue;
                    // As OTLP writes it, and as the API does.
                    var otlp = reader.ValueTextEquals("endTimeUnixNano"u8) || reader.ValueTextEquals("end_time_unix_nano"u8);
                    var call = reader.CurrentDepth == 1 && reader.ValueTextEquals("end"u8);
                    if (!reader.Read() || !(otlp || call)) continue;
                    if (EndIn(ref reader) is { } end && (latest is null || end > latest)) latest = end;
                }
            }
            catch (JsonException)
            {
                // The server says what is wrong with the line.
            }
        }

        return latest;
    }

    private static long? EndIn(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number) return reader.TryGetInt64(out var number) ? number : null;
        if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { } text) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var nanoseconds) ? nanoseconds : Timestamp.TryParse(text, out var time) ? time.UnixNanoseconds : null;
    }

    // A request over many lines is read as one.
    private IEnumerable<ReadOnlyMemory<byte>> Lines()
    {
        var rest = Bytes.AsMemory();
        while (!rest.IsEmpty)
        {
            var end = rest.Span.IndexOf((byte)'\n');
            if (end >= 0 && !IsWhole(rest.Span[..end])) end = -1;
            yield return end < 0 ? rest : rest[..end];
            if (end < 0) yield break;
            rest = rest[(end + 1)..];
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> line) => line.IndexOfAnyExcept(" \t\r"u8) < 0 || line.TrimEnd(" \t\r"u8)[^1] == (byte)'}';
}

/// <summary>Cuts a file into pieces that a server takes, between lines or between resources, without holding all of it.</summary>
internal static class FilePieces
{
    /// <summary>About as much as an exporter would send at once.</summary>
    private const int PieceBytes = 4 << 20;

    /// <summary>A line or a resource larger than a server takes.</summary>
    private const int MostBytes = 200 << 20;

    /// <exception cref="InvalidDataException">The file is not what it seems to be.</exception>
    public static async IAsyncEnumerable<FilePiece> ReadAsync(FileInfo file, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var raw = file.OpenRead();
        var head = new byte[2];
        var packed = await raw.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancel) == 2 && head[0] == 0x1F && head[1] == 0x8B;
        raw.Position = 0;
        await using var stream = packed ? new GZipStream(raw, CompressionMode.Decompress) : (Stream)raw;
        var (buffer, held, line, json) = (new byte[PieceBytes], 0, 1L, (bool?)null);
        while (true)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(held), cancel);
            held += read;
            json ??= IsJson(buffer.AsSpan(0, held));
            if (read == 0)
            {
                if (held > 0) yield return new FilePiece(buffer[..held], line, json == true);
                yield break;
            }

            if (held < buffer.Length) continue;
            var end = json == true ? EndOfLines(buffer.AsSpan(0, held)) : EndOfFields(buffer.AsSpan(0, held));
            if (end == 0)
            {
                if (buffer.Length >= MostBytes) throw new InvalidDataException($"{file.Name} has a part larger than {MostBytes >> 20} MiB, or is no file of traces.");
                Array.Resize(ref buffer, buffer.Length * 2);
                continue;
            }

            yield return new FilePiece(buffer[..end], line, json == true);
            if (json == true) line += buffer.AsSpan(0, end).Count((byte)'\n');
            buffer.AsSpan(end, held - end).CopyTo(buffer);
            held -= end;
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\uFEFF"u8)) return true;
        var first = head.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && head[first] is (byte)'{' or (byte)'[';
    }

    // Behind the last line that is an object by its looks; a request over many lines stays together.
    private static int EndOfLines(ReadOnlySpan<byte> bytes)
    {
        var first = bytes.IndexOf((byte)'\n');
        if (first < 0 || (bytes[..first].TrimEnd(" \t\r"u8) is [.., var last] && last != (byte)'}')) return 0;
        return bytes.LastIndexOf((byte)'\n') + 1;
    }

    private static int EndOfFields(ReadOnlySpan<byte> bytes)
    {
        var end = 0;
        while (true)
        {
            var at = end;
            if (!TryVarint(bytes, ref at, out var tag)) return end;
            // Whatever is no resource is left to the server to refuse.
            if (tag != 10) return end == 0 ? bytes.Length : end;
            if (!TryVarint(bytes, ref at, out var length) || length > (ulong)(bytes.Length - at)) return end;
            end = at + (int)length;
        }
    }

    private static bool TryVarint(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && at < bytes.Length; shift += 7)
        {
            var part = bytes[at++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return true;
        }

        return false;
    }
}
