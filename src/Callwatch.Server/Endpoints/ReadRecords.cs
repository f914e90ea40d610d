using System.Globalization;
using Callwatch.Client.Api;
using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Spans;

namespace Callwatch.Server.Endpoints;

/// <summary>What the engine answers, as the API's records.</summary>
internal static class ReadRecords
{
    public static ApiSpan ToApi(this Span span, Apps apps)
    {
        var call = span.Call;
        return new ApiSpan
        {
            TraceId = span.TraceId.ToString(),
            SpanId = span.SpanId.ToString(),
            ParentSpanId = span.ParentSpanId.IsNone ? null : span.ParentSpanId.ToString(),
            App = apps.NameOf(span.AppId),
            Name = span.Name,
            DisplayName = span.DisplayName,
            Kind = span.Kind.Word(),
            Start = span.Start.ToString(),
            End = span.End.ToString(),
            DurationMs = Milliseconds(span.DurationNanoseconds),
            Outcome = span.Outcome.Word(),
            Error = span.Error?.ToApi(),
            HttpStatus = span.HttpStatus,
            Environment = span.Environment,
            Release = span.Release,
            UserId = span.UserId,
            SessionId = span.SessionId,
            Tags = span.Tags,
            Metadata = span.Metadata,
            Scores = [.. span.Scores.Select(score => new ApiScore(score.Name, Finite(score.Value), score.Comment, score.Source))],
            InputPreview = span.InputPreview,
            OutputPreview = span.OutputPreview,
            Content = span.Content.Word(),
            MergedInto = span.MergedInto?.ToString(),
            Notes = span.Notes,
            Operation = call?.Operation,
            Provider = call?.Provider,
            RequestModel = call?.RequestModel,
            ResponseModel = call?.ResponseModel,
            Model = call?.Model,
            CallSource = call?.Source.Word(),
            Streaming = call?.Streaming,
            TtftMs = Milliseconds(call?.TtftNanoseconds),
            OutputTokensPerS = call?.OutputTokensPerSecond(span.DurationNanoseconds),
            Usage = call?.Usage.ToApi(),
            Cost = call?.Cost.ToApi(),
            FinishReasons = call?.FinishReasons ?? [],
            ToolCalls = call is null ? [] : [.. call.ToolCalls.Select(tool => new ApiToolCall(tool.Id, tool.Name))],
            Temperature = Finite(call?.Temperature),
            TopP = Finite(call?.TopP),
            MaxTokens = call?.MaxTokens,
            PromptName = call?.PromptName,
            PromptVersion = call?.PromptVersion,
            ResponseId = call?.ResponseId,
        };
    }

    public static ApiPage<TApi> ToApi<T, TApi>(this Page<T> page, Func<T, TApi> convert) => new()
    {
        Items = [.. page.Items.Select(convert)],
        Next = page.Next,
        Newer = page.Newer,
        SearchedUntil = page.SearchedUntil?.ToString(),
        RowsFrom = page.RowsFrom?.ToString(),
        TextLeftOut = page.TextLeftOut.Count == 0 ? null : [.. page.TextLeftOut.Select(day => day.ToString("O", CultureInfo.InvariantCulture))],
        Source = page.Source.Word(),
    };

    public static ApiTraceSummary ToApi(this TraceSummary trace) => new()
    {
        TraceId = trace.TraceId.ToString(),
        Name = trace.Name,
        Kind = trace.Kind.Word(),
        App = trace.App,
        Apps = trace.Apps,
        Start = trace.Start.ToString(),
        End = trace.End.ToString(),
        DurationMs = Milliseconds(trace.DurationNanoseconds),
        Outcome = trace.Outcome.Word(),
        Error = trace.Error?.ToApi(),
        UserId = trace.UserId,
        SessionId = trace.SessionId,
        Tags = trace.Tags,
        SpanCount = trace.SpanCount,
        CallCount = trace.CallCount,
        ErrorCount = trace.ErrorCount,
        Usage = trace.Usage.ToApi(),
        CostUsd = trace.CostUsd,
        Models = trace.Models,
        Settled = trace.Settled,
    };

    public static ApiTrace ToApi(this TraceView view, Apps apps) => new()
    {
        Trace = view.Trace.ToApi(),
        Spans = [.. view.Spans.Select(span => span.ToApi(apps))],
        Truncated = view.Truncated,
        Next = view.Next,
    };

    public static ApiErrorGroup ToApi(this ErrorGroup group) => new()
    {
        Fingerprint = group.Fingerprint,
        Type = group.Type,
        Message = group.Message,
        Provider = group.Provider,
        Model = group.Model,
        Count = group.Count,
        Share = group.Share,
        FirstSeen = group.FirstSeen.ToString(),
        FirstRelease = group.FirstRelease,
        FirstPromptName = group.FirstPrompt,
        FirstPromptVersion = group.FirstPromptVersion,
        LastSeen = group.LastSeen.ToString(),
        SampleTraces = [.. group.SampleTraces.Select(trace => trace.ToString())],
    };

    public static ApiLookupMatch ToApi(this LookupMatch match) => new()
    {
        Kind = match.Kind,
        TraceId = match.TraceId.ToString(),
        SpanId = match.SpanId?.ToString(),
        Steps = [.. match.Steps.Select(step => new ApiLookupStep(step.Step, step.Time?.ToString(), step.State, step.Reason, step.Destination))],
    };

    internal static double? Milliseconds(long? nanoseconds) => nanoseconds / 1e6;

    // JSON has no words for the others.
    internal static double? Finite(double? number) => number is { } value && double.IsFinite(value) ? value : null;

    private static ApiError ToApi(this SpanError error) => new(error.Type, error.Message, error.Stack, error.Group);

    private static ApiUsage ToApi(this TokenUsage usage) => new()
    {
        InputTokens = usage.Input,
        OutputTokens = usage.Output,
        TotalTokens = usage.Total,
        CacheReadTokens = usage.CacheRead,
        CacheWriteTokens = usage.CacheWrite,
        ReasoningTokens = usage.Reasoning,
        AudioInputTokens = usage.AudioInput,
        AudioOutputTokens = usage.AudioOutput,
    };

    private static ApiCost ToApi(this CallCost cost) => new()
    {
        InputUsd = cost.InputUsd,
        CacheReadUsd = cost.CacheReadUsd,
        CacheWriteUsd = cost.CacheWriteUsd,
        OutputUsd = cost.OutputUsd,
        ReasoningUsd = cost.ReasoningUsd,
        OtherUsd = cost.OtherUsd,
        TotalUsd = cost.TotalUsd,
        Source = cost.Source,
        Reason = cost.Reason,
        PriceId = cost.PriceId,
        PriceBook = cost.PriceBook,
    };
}
