using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Callwatch.Spans;

namespace Callwatch.Store.Rows;

/// <summary>
/// What lists show of a span and no column has, as JSON in <c>spans.thin</c>:
/// <c>tags [], metadata {}, scores [], input, output, error_message, notes [], call {}</c>. Previews and the error's message are content.
/// </summary>
internal sealed record ThinFacts
{
    /// <summary>An error's message in a row; the whole text is read from the journal.</summary>
    internal const int LongestMessage = 500;

    public IReadOnlyList<string>? Tags { get; init; }
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
    public IReadOnlyList<ThinScore>? Scores { get; init; }
    public string? Input { get; init; }
    public string? Output { get; init; }
    public string? ErrorMessage { get; init; }
    public IReadOnlyList<string>? Notes { get; init; }
    public ThinCall? Call { get; init; }

    /// <summary>See <see cref="Span.ModelRequest"/>.</summary>
    public string? Request { get; init; }

    /// <summary>Of a request: true when it has no call.</summary>
    public bool? WithoutCall { get; init; }

    /// <summary>Null when there is nothing to keep, as with nearly every plain span.</summary>
    public static byte[]? Of(Span span, bool hasCallRow)
    {
        if (span is { Call: null, Error: null, InputPreview: null, OutputPreview: null, Tags.Count: 0, Metadata.Count: 0, Scores.Count: 0, Notes.Count: 0, ModelRequest: null }) return null;
        var facts = new ThinFacts
        {
            Tags = span.Tags.Count == 0 ? null : span.Tags,
            Metadata = span.Metadata.Count == 0 ? null : span.Metadata,
            Scores = span.Scores.Count == 0 ? null : [.. span.Scores.Select(ThinScore.Of)],
            Input = span.InputPreview,
            Output = span.OutputPreview,
            ErrorMessage = Cut(span.Error?.Message),
            Notes = span.Notes.Count == 0 ? null : span.Notes,
            Request = span.ModelRequest,
            WithoutCall = span.IsWithoutCall ? true : null,
            Call = span.Call is null ? null : hasCallRow ? ThinCall.Rest(span.Call) : ThinCall.Whole(span.Call),
        };
        return JsonSerializer.SerializeToUtf8Bytes(facts, RowJson.Compact.ThinFacts);
    }

    public static ThinFacts Parse(string json) => JsonSerializer.Deserialize(json, RowJson.Default.ThinFacts) ?? new ThinFacts();

    internal static string? Cut(string? message)
    {
        if (message is null || message.Length <= LongestMessage) return message;
        var end = char.IsHighSurrogate(message[LongestMessage - 1]) ? LongestMessage - 1 : LongestMessage;
        return message[..end];
    }
}

internal sealed record ThinScore(string Name, double? Value, string? Comment, string? Source)
{
    public static ThinScore Of(Score score) => new(score.Name, score.Value, score.Comment, score.Source);

    public Score ToScore() => new(Name, Value, Comment, Source);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(ThinFacts))]
[JsonSerializable(typeof(OwnFacts))]
[JsonSerializable(typeof(TraceThin))]
internal sealed partial class RowJson : JsonSerializerContext
{
    /// <summary>For writing: text beyond ASCII as it is, since half the size matters here and no page ever holds this JSON.</summary>
    public static RowJson Compact { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
