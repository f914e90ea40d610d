using System.Buffers.Binary;
using System.Globalization;
using Callwatch.Spans;

namespace Callwatch.Search.Documents;

/// <summary>The words of one span on their way into the index.</summary>
/// <param name="Number">Journal record it came with.</param>
/// <param name="Text">Words with a space between them, marks among them.</param>
internal sealed record SearchDocument(TraceId Trace, SpanId Span, Timestamp End, long Number, string Text)
{
    public const int KeySize = 24;

    /// <summary>Trace and span as they stand in the index.</summary>
    public static void WriteKey(Span<byte> into, TraceId trace, SpanId span)
    {
        trace.Write(into);
        BinaryPrimitives.WriteInt64LittleEndian(into[16..], unchecked((long)span.Value));
    }
}

/// <summary>Words that nobody can write, because no letter or digit is in them: whose a document is, and where one text ends.</summary>
internal static class Marks
{
    /// <summary>Between two texts, so that no phrase is found across them.</summary>
    public const string End = "\uE002";

    /// <summary>What a question may be answered from, as phrases.</summary>
    public static IReadOnlyList<string> Of(int tenantId, int? appId) => appId is { } app ? [$"\"{Tenant(tenantId)}\"", $"\"{App(app)}\""] : [$"\"{Tenant(tenantId)}\""];

    public static string Tenant(int id) => "\uE000" + id.ToString(CultureInfo.InvariantCulture);

    public static string App(int id) => "\uE001" + id.ToString(CultureInfo.InvariantCulture);
}
