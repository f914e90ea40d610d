using System.Globalization;
using System.Text;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Media;

/// <summary>Calls with a picture in them, and real pictures.</summary>
internal static class Pictures
{
    /// <summary>A red square of 8 by 8 that browsers can show, made large by a chunk nobody reads.</summary>
    public static byte[] Png(int size, int seed = 1)
    {
        byte[] head = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. Chunk("IHDR", [0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0])];
        using var pixels = new MemoryStream();
        using (var packed = new System.IO.Compression.ZLibStream(pixels, System.IO.Compression.CompressionLevel.Fastest))
            for (var row = 0; row < 8; row++) packed.Write([0, .. Enumerable.Repeat<byte[]>([255, 0, 0], 8).SelectMany(pixel => pixel)]);
        byte[] rest = [.. Chunk("IDAT", pixels.ToArray()), .. Chunk("IEND", [])];
        var filler = new byte[size - head.Length - rest.Length - 12];
        new Random(seed).NextBytes(filler);
        return [.. head, .. Chunk("prVt", filler), .. rest];
    }

    public static string Url(byte[] png) => "data:image/png;base64," + Convert.ToBase64String(png);

    /// <summary>A chat of now, whose user sends a picture as OpenAI's clients do.</summary>
    public static SpanBuilder Call(ulong trace, string url)
    {
        var end = Callwatch.Spans.Timestamp.From(TimeProvider.System.GetUtcNow());
        return A.Span("chat gpt-4o").Trace(trace).Kind(3).Between(end.Plus(TimeSpan.FromSeconds(-1)), end)
            .With(("openinference.span.kind", "LLM"), ("llm.model_name", "gpt-4o"), ("user.id", "picture-" + trace.ToString(CultureInfo.InvariantCulture)))
            .With("input.value", $$$"""{"model":"gpt-4o","messages":[{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"{{{url}}}"}}]}]}""")
            .With("output.value", """{"choices":[{"message":{"role":"assistant","content":"A red square."}}]}""");
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. data];
        var crc = Crc(named);
        return [.. Number(data.Length), .. named, .. Number((int)crc)];
    }

    private static byte[] Number(int value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var part in bytes)
        {
            crc ^= part;
            for (var bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320 & (0 - (crc & 1)));
        }

        return ~crc;
    }
}
