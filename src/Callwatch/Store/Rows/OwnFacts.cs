using System.Text.Json;
using Callwatch.Spans;

namespace Callwatch.Store.Rows;

/// <summary>
/// What a span said of itself where judging its trace has changed that (inherited user, usage taken from a merged span, ...),
/// as JSON in <c>spans.own</c>. With it the span can be had back as it came, to be judged again when its trace grows.
/// </summary>
internal sealed record OwnFacts
{
    /// <summary>Names of the properties that were changed; one that is not given below was unknown.</summary>
    public required IReadOnlyList<string> Changed { get; init; }
    public string? User { get; init; }
    public string? Session { get; init; }
    public string? Environment { get; init; }
    public string? Release { get; init; }
    public string? DisplayName { get; init; }
    public SpanKind? Kind { get; init; }
    public Outcome? Outcome { get; init; }
    public string? ErrorType { get; init; }
    public string? ErrorGroup { get; init; }
    public string? ErrorMessage { get; init; }
    public int? HttpStatus { get; init; }
    public ContentState? Content { get; init; }
    public string? Input { get; init; }
    public string? Output { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public IReadOnlyList<string>? Notes { get; init; }
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
    public IReadOnlyList<ThinScore>? Scores { get; init; }
    public ThinCall? Call { get; init; }

    /// <summary>Null when judging changed nothing.</summary>
    public static byte[]? Of(Span raw, Span judged)
    {
        if (ReferenceEquals(raw, judged)) return null;
        var changed = new List<string>();
        void Note(bool same, string name)
        {
            if (!same) changed.Add(name);
        }

        Note(raw.UserId == judged.UserId, "user");
        Note(raw.SessionId == judged.SessionId, "session");
        Note(raw.Environment == judged.Environment, "environment");
        Note(raw.Release == judged.Release, "release");
        Note(raw.DisplayName == judged.DisplayName, "display_name");
        Note(raw.Kind == judged.Kind, "kind");
        Note(raw.Outcome == judged.Outcome, "outcome");
        Note(raw.Error == judged.Error, "error");
        Note(raw.HttpStatus == judged.HttpStatus, "http_status");
        Note(raw.Content == judged.Content, "content");
        Note(raw.InputPreview == judged.InputPreview, "input");
        Note(raw.OutputPreview == judged.OutputPreview, "output");
        Note(Same(raw.Tags, judged.Tags), "tags");
        Note(Same(raw.Notes, judged.Notes), "notes");
        Note(Same(raw.Scores, judged.Scores), "scores");
        Note(ReferenceEquals(raw.Metadata, judged.Metadata) || (raw.Metadata.Count == judged.Metadata.Count && !raw.Metadata.Except(judged.Metadata).Any()), "metadata");
        Note(SameCall(raw.Call, judged.Call), "call");
        if (changed.Count == 0) return null;
        return JsonSerializer.SerializeToUtf8Bytes(Pick(raw, changed), RowJson.Compact.OwnFacts);
    }

    /// <summary>The span as it came.</summary>
    public static Span Restore(Span judged, string? json)
    {
        var raw = judged with { MergedInto = null, IsWithoutCall = false };
        // No span says this of itself.
        if (raw.Call is { Feedback: not Liking.None } call) raw = raw with { Call = call with { Feedback = Liking.None } };
        if (json is null) return raw;
        var own = JsonSerializer.Deserialize(json, RowJson.Default.OwnFacts)!;
        foreach (var name in own.Changed)
        {
            raw = name switch
            {
                "user" => raw with { UserId = own.User },
                "session" => raw with { SessionId = own.Session },
                "environment" => raw with { Environment = own.Environment },
                "release" => raw with { Release = own.Release },
                "display_name" => raw with { DisplayName = own.DisplayName ?? raw.Name },
                "kind" => raw with { Kind = own.Kind ?? SpanKind.Other },
                "outcome" => raw with { Outcome = own.Outcome ?? Spans.Outcome.Success },
                "error" => raw with { Error = own.ErrorType is null ? null : new SpanError { Type = own.ErrorType, Group = own.ErrorGroup ?? "other", Message = own.ErrorMessage } },
                "http_status" => raw with { HttpStatus = own.HttpStatus },
                "content" => raw with { Content = own.Content ?? ContentState.NotCaptured },
                "input" => raw with { InputPreview = own.Input },
                "output" => raw with { OutputPreview = own.Output },
                "tags" => raw with { Tags = own.Tags ?? [] },
                "notes" => raw with { Notes = own.Notes ?? [] },
                "scores" => raw with { Scores = own.Scores is null ? [] : [.. own.Scores.Select(score => score.ToScore())] },
                "metadata" => raw with { Metadata = own.Metadata ?? Span.EmptyMetadata },
                "call" => raw with { Call = own.Call?.ToCall() },
                _ => raw,
            };
        }

        return raw;
    }

    private static OwnFacts Pick(Span raw, List<string> changed)
    {
        bool Has(string name) => changed.Contains(name);
        return new OwnFacts
        {
            Changed = changed,
            User = Has("user") ? raw.UserId : null,
            Session = Has("session") ? raw.SessionId : null,
            Environment = Has("environment") ? raw.Environment : null,
            Release = Has("release") ? raw.Release : null,
            DisplayName = Has("display_name") ? raw.DisplayName : null,
            Kind = Has("kind") ? raw.Kind : null,
            Outcome = Has("outcome") ? raw.Outcome : null,
            ErrorType = Has("error") ? raw.Error?.Type : null,
            ErrorGroup = Has("error") ? raw.Error?.Group : null,
            ErrorMessage = Has("error") ? ThinFacts.Cut(raw.Error?.Message) : null,
            HttpStatus = Has("http_status") ? raw.HttpStatus : null,
            Content = Has("content") ? raw.Content : null,
            Input = Has("input") ? raw.InputPreview : null,
            Output = Has("output") ? raw.OutputPreview : null,
            Tags = Has("tags") ? raw.Tags : null,
            Notes = Has("notes") ? raw.Notes : null,
            Scores = Has("scores") ? [.. raw.Scores.Select(ThinScore.Of)] : null,
            Metadata = Has("metadata") ? raw.Metadata : null,
            Call = Has("call") && raw.Call is not null ? ThinCall.Whole(raw.Call) : null,
        };
    }

    internal static bool Same<T>(IReadOnlyList<T> a, IReadOnlyList<T> b) => ReferenceEquals(a, b) || a.SequenceEqual(b);

    // Through JSON, because records compare their lists by reference; only calls that judging has touched come here.
    internal static bool SameCall(LlmCall? a, LlmCall? b) => ReferenceEquals(a, b) || (a is not null && b is not null &&
        JsonSerializer.SerializeToUtf8Bytes(ThinCall.Whole(a), RowJson.Compact.ThinCall)
            .AsSpan().SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(ThinCall.Whole(b), RowJson.Compact.ThinCall)));
}
