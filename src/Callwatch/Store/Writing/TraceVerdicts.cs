using Callwatch.Normalize;
using Callwatch.Spans;
using Callwatch.Store.Rows;

namespace Callwatch.Store.Writing;

/// <summary>Prices a call whose usage and model came together only when its trace was judged.</summary>
internal delegate CallCost PriceOf(LlmCall call, SpanKind kind, Outcome outcome, Timestamp start);

/// <summary>The spans of a trace as they are to be stored, after the judge has seen all of them together.</summary>
internal sealed class TraceVerdicts(PriceOf price)
{
    /// <summary>Each span with its judged form, and whether it is a call that counts.</summary>
    public void Judge(TraceState trace, List<(SpanState State, Span Judged, bool Counts)> judged)
    {
        judged.Clear();
        if (trace.IsPlain)
        {
            foreach (var state in trace.Spans.Values) judged.Add((state, state.Raw, false));
            return;
        }

        var states = trace.Spans.Values.ToArray();
        var verdicts = TraceJudge.Judge(Array.ConvertAll(states, state => state.ForJudge));
        var likings = Judgements.Of(states, verdicts);
        for (var i = 0; i < states.Length; i++) judged.Add((states[i], Apply(states[i].Raw, verdicts[i], likings?[i] ?? Liking.None), verdicts[i].Counts));
    }

    private Span Apply(Span raw, Verdict verdict, Liking liking)
    {
        // A merged call keeps its facts for whoever looks at it; an agent that does not count shows what is beneath it instead.
        var call = verdict.Counts ? verdict.Call : verdict.MergedInto is not null ? raw.Call : raw.Kind == SpanKind.Agent ? null : raw.Call;
        if (verdict.Counts && call is { Cost.TotalUsd: null, Usage.IsUnknown: false } && (!ReferenceEquals(call, raw.Call) || call.Source == CallSource.Summary))
            call = call with { Cost = price(call, raw.Kind, raw.Outcome, raw.Start) };
        if (liking != Liking.None && call is not null) call = call with { Feedback = liking };
        if (ReferenceEquals(call, raw.Call) && raw.MergedInto == verdict.MergedInto && raw.HttpStatus == verdict.HttpStatus && raw.UserId == verdict.UserId
            && raw.SessionId == verdict.SessionId && raw.Environment == verdict.Environment && ReferenceEquals(raw.Tags, verdict.Tags) && raw.IsWithoutCall == verdict.IsWithoutCall) return raw;
        var judged = raw with
        {
            Call = call,
            MergedInto = verdict.MergedInto,
            HttpStatus = verdict.HttpStatus,
            UserId = verdict.UserId,
            SessionId = verdict.SessionId,
            Environment = verdict.Environment,
            Tags = verdict.Tags,
            IsWithoutCall = verdict.IsWithoutCall,
        };
        return ReferenceEquals(call, raw.Call) ? judged : StoredForm.Of(judged);
    }

    /// <summary>True when a row of the one form need not be written again for the other; both of the same copy of a span.</summary>
    public static bool Same(Span a, Span b) =>
        ReferenceEquals(a, b)
        || (a.MergedInto == b.MergedInto && a.HttpStatus == b.HttpStatus && a.UserId == b.UserId && a.SessionId == b.SessionId
            && a.Environment == b.Environment && a.IsWithoutCall == b.IsWithoutCall && a.Call?.Feedback == b.Call?.Feedback && OwnFacts.Same(a.Tags, b.Tags) && OwnFacts.SameCall(a.Call, b.Call));
}
