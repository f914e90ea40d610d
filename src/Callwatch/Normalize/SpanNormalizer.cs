using System.Diagnostics.CodeAnalysis;
using Callwatch.Normalize.Fields;
using Callwatch.Normalize.Messages;
using Callwatch.Normalize.Pricing;
using Callwatch.Normalize.Reading;
using Callwatch.Receive.Otlp;
using Callwatch.Spans;

namespace Callwatch.Normalize;

/// <summary>Whose a span is and when it came, from its journal record.</summary>
public readonly record struct SpanOrigin(int TenantId, int AppId, Timestamp ReceivedAt);

/// <summary>A log record that belongs to a span: the logs payload it lies in, and where (<see cref="OtlpLog.Offset"/>).</summary>
public sealed record JoinedLog(ReadOnlyMemory<byte> Payload, int Offset);

/// <summary>Third stage: turns an OTLP span into the span the product speaks of, with call facts where it is a model call.
/// Pure: the same input and the same prices give the same span. Thread-safe.</summary>
public sealed class SpanNormalizer(PriceBooks prices)
{
    /// <summary>Grows with every change after which the same bytes may give another span: days stored before it can then be rebuilt.</summary>
    public const int RulesVersion = 2;

    /// <summary>The span without bodies, priced. <paramref name="logs"/> are those of this very span, in order of time.</summary>
    public Span Normalize(in OtlpSpan span, SpanOrigin origin, IReadOnlyList<JoinedLog> logs) => Normalize(span, origin, logs, ear: null);

    /// <summary>The same, and tells somebody what was said in it.</summary>
    internal Span Normalize(in OtlpSpan span, SpanOrigin origin, IReadOnlyList<JoinedLog> logs, IHearSpans? ear)
    {
        var facts = SpanFacts.Of(span, logs);
        var made = Made(facts, span, origin);
        if (ear?.Begins(made) == true) SaidReader.Read(facts, made.Kind, ear);
        return made;
    }

    /// <summary>The span and its bodies for who carries it on: messages of chats and agents once, without the tree they were captured as.</summary>
    public (Span Span, SpanContent Content) Whole(in OtlpSpan span, SpanOrigin origin, IReadOnlyList<JoinedLog> logs)
    {
        var facts = SpanFacts.Of(span, logs);
        var made = Made(facts, span, origin);
        return (made, ContentReader.Read(facts, span, made.Kind, once: true));
    }

    /// <summary>The bodies of the span. The state is never <see cref="ContentState.Expired"/>: only who holds the journal knows what has expired.</summary>
    [SuppressMessage("Performance", "CA1822", Justification = "The stage is an object to its callers, whatever this part of it needs.")]
    public SpanContent Content(in OtlpSpan span, IReadOnlyList<JoinedLog> logs)
    {
        var facts = SpanFacts.Of(span, logs);
        return ContentReader.Read(facts, span, KindFields.Of(facts));
    }

    /// <summary>True for log records that are part of a span's story: GenAI events and exceptions that name their trace and span.</summary>
    public static bool Joins(in OtlpLog log)
    {
        if (log.TraceId.IsNone || log.SpanId.IsNone) return false;
        if (log.EventName.StartsWith("gen_ai."u8) || log.EventName.SequenceEqual("exception"u8)) return true;
        foreach (var attribute in log.Attributes)
            if (attribute.Key.SequenceEqual("exception.type"u8) || attribute.Key.SequenceEqual("exception.message"u8)) return true;
        return false;
    }

    private Span Made(SpanFacts facts, in OtlpSpan span, SpanOrigin origin)
    {
        var kind = KindFields.Of(facts);
        var times = SpanTimes.Of(span, origin.ReceivedAt, facts.Space.Notes);
        var thin = ThinContent.Of(facts, kind);
        var name = Texts.Cut(facts.Space.Words.Get(span.Name), FieldReading.LongestText);
        var display = NameFields.Display(facts, kind, name);
        var call = kind.IsCall() || (kind == SpanKind.Agent && TokenFields.AnyCount(facts)) ? CallFields.Of(facts, kind, display, times, thin) : null;
        var httpStatus = ErrorFields.HttpStatus(facts);
        var error = ErrorFields.Of(facts, span, kind.IsCall(), call is not null && CallFields.HasAnswer(call), ref httpStatus);
        var outcome = OutcomeOf(error, call);
        if (call is not null) call = CallFields.Priced(call, facts, kind, outcome, times.Start, prices);
        IntakeMarks.AddTo(facts.Space.Notes, facts);
        return new Span
        {
            TenantId = origin.TenantId,
            AppId = origin.AppId,
            TraceId = span.TraceId,
            SpanId = span.SpanId,
            ParentSpanId = span.ParentSpanId,
            Name = name,
            DisplayName = display,
            Kind = kind,
            Start = times.Start,
            End = times.End,
            DurationNanoseconds = times.Duration,
            Outcome = outcome,
            Error = error,
            HttpStatus = httpStatus,
            Environment = OwnerFields.EnvironmentOf(facts),
            Release = OwnerFields.ReleaseOf(facts),
            UserId = OwnerFields.UserId(facts),
            SessionId = OwnerFields.SessionId(facts),
            Tags = OwnerFields.TagsOf(facts),
            Metadata = OwnerFields.MetadataOf(facts),
            RecordKeys = OwnerFields.RecordKeysOf(facts),
            Scores = ScoreFields.Of(facts),
            InputPreview = thin.Input,
            OutputPreview = thin.Output,
            Content = !thin.IsCaptured ? ContentState.NotCaptured : Redaction.Of(facts) ? ContentState.Masked : ContentState.Present,
            Call = call,
            ModelRequest = ModelRequestFields.Of(facts, span, kind),
            Notes = facts.Space.Notes.Count == 0 ? [] : [.. facts.Space.Notes],
        };
    }

    private static Outcome OutcomeOf(SpanError? error, LlmCall? call)
    {
        if (error is { Group: "cancelled" }) return Outcome.Cancelled;
        if (error is not null) return Outcome.Error;
        return call is not null && call.FinishReasonsRaw.Any(OutputFields.IsCancelled) ? Outcome.Cancelled : Outcome.Success;
    }
}
