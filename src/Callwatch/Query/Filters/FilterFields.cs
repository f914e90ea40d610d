using System.Collections.Frozen;
using Callwatch.Spans;
using static Callwatch.Query.Filters.FieldType;

namespace Callwatch.Query.Filters;

/// <summary>The table of the filter language: every field, in the order in which help and completion show them.</summary>
public static class FilterFields
{
    public static readonly FilterField App = Of("app", "app", Text, "app:shop") with { Groups = true, Facet = true };
    public static readonly FilterField Model = Call("model", "model", Text, "model:gpt-4o*") with { Groups = true, Facet = true };
    public static readonly FilterField RequestModel = Call("request_model", "request_model", Text, "request_model:gpt-4o") with { Groups = true };
    public static readonly FilterField ResponseModel = Call("response_model", "response_model", Text, "response_model:gpt-4o-2024-08-06");
    public static readonly FilterField AskedModel = Call("asked_model", null, Text, "asked_model:gpt-4o") with { Groups = true };
    public static readonly FilterField Provider = Call("provider", "provider", Text, "provider:openai,azure") with { Groups = true, Facet = true };
    public static readonly FilterField Operation = Call("operation", "operation", Text, "operation:answer") with { Aliases = ["op"], Groups = true, Facet = true };
    public static readonly FilterField Kind = Of("kind", "kind", Word, "kind:embedding") with { Groups = true, Facet = true, Words = Closed([.. SpanKinds.AllWords], ("generate_conversation_name", "generate_name"), ("retrieval", "retriever"), ("embedding", "embeddings")) };

    public static readonly FilterField Outcome = Of("outcome", "outcome", Word, "outcome:error") with { Aliases = ["status"], Groups = true, Facet = true, Words = Closed(["success", "error", "cancelled"], ("success", "ok"), ("error", "failed"), ("error", "failure"), ("error", "errors"), ("cancelled", "canceled")) };

    public static readonly FilterField ErrorType = Of("error_type", "error.type", Text, "error_type:RateLimitError") with { Aliases = ["error"], Groups = true, Facet = true };
    public static readonly FilterField ErrorGroup = Of("error_group", "error.group", Word, "error_group:rate_limit,timeout") with { Groups = true, Facet = true, Words = Closed(["rate_limit", "auth", "invalid_request", "timeout", "overloaded", "server", "content_filter", "cancelled", "other"]) };

    public static readonly FilterField ErrorMessage = Of("error_message", "error.message", Text, "error_message:*quota*");
    public static readonly FilterField Fingerprint = Call("fingerprint", "fingerprint", Text, "fingerprint:9f3c2a7710b45e02") with { Aliases = ["error_fingerprint"], Groups = true };
    public static readonly FilterField HttpStatus = Of("http_status", "http_status", Count, "http_status:5xx") with { Aliases = ["http"], Groups = true, Facet = true };
    public static readonly FilterField Latency = Of("latency", "duration_ms", Duration, "latency>2s") with { Aliases = ["duration", "latency_ms"] };
    public static readonly FilterField Ttft = Call("ttft", "ttft_ms", Duration, "ttft>=800ms");
    public static readonly FilterField Speed = Call("speed", "output_tokens_per_s", Number, "speed<20");
    public static readonly FilterField Cost = Call("cost", "cost.total_usd", Money, "cost>0.01") with { Aliases = ["cost_usd", "total_usd"] };
    public static readonly FilterField CostInput = Call("cost_input", "cost.input_usd", Money, "cost_input>0.01") with { Aliases = ["input_usd"] };
    public static readonly FilterField CostCacheRead = Call("cost_cache_read", "cost.cache_read_usd", Money, "cost_cache_read>0.01") with { Aliases = ["cache_read_usd"] };
    public static readonly FilterField CostCacheWrite = Call("cost_cache_write", "cost.cache_write_usd", Money, "cost_cache_write>0.01") with { Aliases = ["cache_write_usd"] };
    public static readonly FilterField CostOutput = Call("cost_output", "cost.output_usd", Money, "cost_output>0.01") with { Aliases = ["output_usd"] };
    public static readonly FilterField CostReasoning = Call("cost_reasoning", "cost.reasoning_usd", Money, "cost_reasoning>0.01") with { Aliases = ["reasoning_usd"] };
    public static readonly FilterField CostOther = Call("cost_other", "cost.other_usd", Money, "cost_other>0") with { Aliases = ["other_usd"] };
    public static readonly FilterField CostSource = Call("cost_source", "cost.source", Word, "cost_source:given") with { Words = Closed(["given", "computed"]), Groups = true };
    public static readonly FilterField Unpriced = Call("unpriced", null, Flag, "unpriced:true");
    public static readonly FilterField TotalTokens = Call("tokens", "usage.total_tokens", Count, "tokens>10k") with { Aliases = ["total_tokens"] };
    public static readonly FilterField InputTokens = Call("input_tokens", "usage.input_tokens", Count, "input_tokens>100k");
    public static readonly FilterField OutputTokens = Call("output_tokens", "usage.output_tokens", Count, "output_tokens<5");
    public static readonly FilterField CacheReadTokens = Call("cache_read_tokens", "usage.cache_read_tokens", Count, "cache_read_tokens:0") with { Aliases = ["cache_read"] };
    public static readonly FilterField CacheWriteTokens = Call("cache_write_tokens", "usage.cache_write_tokens", Count, "cache_write_tokens>0") with { Aliases = ["cache_write"] };
    public static readonly FilterField ReasoningTokens = Call("reasoning_tokens", "usage.reasoning_tokens", Count, "reasoning_tokens>1k") with { Aliases = ["reasoning"] };
    public static readonly FilterField AudioInputTokens = Call("audio_input_tokens", "usage.audio_input_tokens", Count, "audio_input_tokens>0");
    public static readonly FilterField AudioOutputTokens = Call("audio_output_tokens", "usage.audio_output_tokens", Count, "audio_output_tokens>0");
    public static readonly FilterField User = Of("user", "user_id", Text, "user:\"anna\"") with { Groups = true, Facet = true };
    public static readonly FilterField Session = Of("session", "session_id", Text, "session:s-17") with { Aliases = ["conversation", "conversation_id"], Groups = true, Facet = true };
    public static readonly FilterField Environment = Of("env", "environment", Text, "-env:dev") with { Groups = true, Facet = true };
    public static readonly FilterField Release = Of("release", "release", Text, "release:1.4.*") with { Aliases = ["version"], Groups = true, Facet = true };
    public static readonly FilterField Tag = Of("tag", "tags", Text, "tag:beta") with { Groups = true, Facet = true };
    public static readonly FilterField Metadata = Of("metadata", "metadata", Text, "metadata.plan:pro") with { Groups = true, Keyed = true };
    public static readonly FilterField Prompt = Call("prompt", "prompt_name", Text, "prompt:greeting") with { Groups = true, Facet = true };
    public static readonly FilterField PromptVersion = Call("prompt_version", "prompt_version", Text, "prompt_version:7") with { Groups = true, Facet = true };
    public static readonly FilterField Streaming = Call("streaming", "streaming", Flag, "streaming:true") with { Aliases = ["stream"], Groups = true };
    public static readonly FilterField FinishReason = Call("finish", "finish_reasons", Word, "finish:length") with { Aliases = ["finish_reason"], Groups = true, Facet = true, Words = Closed(["stop", "length", "tool_call", "content_filter", "error", "other"], ("tool_call", "tool_calls"), ("tool_call", "tool_use"), ("length", "max_tokens")) };

    public static readonly FilterField Tool = Call("tool", "tool_calls.name", Text, "tool:get_weather") with { Aliases = ["tool_call", "tool_calls"] };
    public static readonly FilterField CallSource = Call("call_source", "call_source", Word, "-call_source:summary") with { Words = Closed(["recorded", "summary", "synthetic"]), Groups = true };
    public static readonly FilterField Temperature = Call("temperature", "temperature", Number, "temperature>0.9");
    public static readonly FilterField TopP = Call("top_p", "top_p", Number, "top_p<1");
    public static readonly FilterField MaxTokens = Call("max_tokens", "max_tokens", Count, "max_tokens<=256");
    public static readonly FilterField ResponseId = Call("response_id", null, Text, "response_id:chatcmpl-8x");
    public static readonly FilterField Name = Of("name", "name", Text, "name:\"POST /ask\"") with { Groups = true };
    public static readonly FilterField DisplayName = Of("display_name", "display_name", Text, "display_name:planner") with { Groups = true };
    public static readonly FilterField Trace = Of("trace", "trace_id", Id, "trace:4bf92f3577b34da6a3ce929d0e0e4736");
    public static readonly FilterField Span = Of("span", "span_id", Id, "span:00f067aa0ba902b7");
    public static readonly FilterField Parent = Of("parent", "parent_span_id", Id, "-parent:*");
    public static readonly FilterField Start = Of("start", "start", Time, "start>=2026-09-17T13:00:00Z");
    public static readonly FilterField End = Of("end", "end", Time, "end:2026-09-17");
    public static readonly FilterField Content = Of("content", "content", Word, "content:not_captured") with { Words = Closed(["present", "expired", "not_captured", "masked"]) };

    public static readonly IReadOnlyList<FilterField> All =
    [
        App, Model, Provider, Operation, Kind, Outcome, ErrorType, ErrorGroup, ErrorMessage, HttpStatus, Latency, Ttft, Speed, Cost, TotalTokens,
        InputTokens, OutputTokens, CacheReadTokens, CacheWriteTokens, ReasoningTokens, AudioInputTokens, AudioOutputTokens,
        CostInput, CostCacheRead, CostCacheWrite, CostOutput, CostReasoning, CostOther, CostSource, Unpriced,
        User, Session, Environment, Release, Tag, Metadata, Prompt, PromptVersion, Streaming, FinishReason, Tool, CallSource, AskedModel, RequestModel, ResponseModel,
        Temperature, TopP, MaxTokens, ResponseId, Name, DisplayName, Trace, Span, Parent, Start, End, Content, Fingerprint,
    ];

    private static readonly FrozenDictionary<string, FilterField> Spellings = All
        .SelectMany(field => SpellingsOf(field).Select(spelling => (spelling, field)))
        .DistinctBy(pair => pair.spelling, StringComparer.OrdinalIgnoreCase)
        .ToFrozenDictionary(pair => pair.spelling, pair => pair.field, StringComparer.OrdinalIgnoreCase);

    /// <summary>The field of a name in any of its spellings; <c>metadata.plan</c> gives metadata and its key.</summary>
    public static bool TryFind(string name, out FilterField field, out string? key)
    {
        key = null;
        if (Spellings.TryGetValue(name, out field!)) return !field.Keyed;
        if (!name.StartsWith("metadata.", StringComparison.OrdinalIgnoreCase) || name.Length == "metadata.".Length) return false;
        (field, key) = (Metadata, name["metadata.".Length..]);
        return true;
    }

    /// <summary>The spelling a mistyped name was most likely meant to be; null when nothing is near.</summary>
    public static string? Nearest(string name) => NearestWord.Of(name, Spellings.Keys.Append("metadata."));

    private static IEnumerable<string> SpellingsOf(FilterField field)
    {
        yield return field.Name;
        foreach (var alias in field.Aliases) yield return alias;
        if (field.ApiName is { } api) yield return api;
    }

    private static FilterField Of(string name, string? api, FieldType type, string example) =>
        new() { Name = name, ApiName = api, Type = type, Example = example };

    private static FilterField Call(string name, string? api, FieldType type, string example) =>
        Of(name, api, type, example) with { OfCalls = true };

    private static Dictionary<string, IReadOnlyList<string>> Closed(string[] words, params (string Word, string Alias)[] aliases) =>
        words.ToDictionary(word => word, word => (IReadOnlyList<string>)[.. aliases.Where(pair => pair.Word == word).Select(pair => pair.Alias)]);
}
