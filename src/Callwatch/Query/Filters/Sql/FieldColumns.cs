using System.Collections.Frozen;

namespace Callwatch.Query.Filters.Sql;

/// <summary>How a field lies in rows.</summary>
internal enum ColumnKind
{
    /// <summary>Id in the partition's dictionary.</summary>
    Word,

    /// <summary>Text as it stands.</summary>
    Text,

    /// <summary>Whole number in the field's unit.</summary>
    Integer,

    /// <summary>10⁻¹² US dollars.</summary>
    Money,

    Real,

    /// <summary>Number of a word in a closed list.</summary>
    Code,

    /// <summary>0 or 1.</summary>
    Flag,

    /// <summary>Number of the app.</summary>
    App,

    /// <summary>A JSON object of text by key.</summary>
    Keyed,

    /// <summary>A table-valued expression with texts in <c>value</c>.</summary>
    TextList,

    /// <summary>The same with numbers of apps.</summary>
    AppList,

    TraceId,
    SpanId,
    Fingerprint,
}

/// <param name="Sql">Expression over the aliases <c>s</c> (spans), <c>c</c> (calls) or <c>t</c> (traces).</param>
internal sealed record FieldColumn(ColumnKind Kind, string Sql)
{
    /// <summary>True when each of its texts also stands in the partition's dictionary, so that one that is not there need not be looked for.</summary>
    public bool TextsAreWords { get; init; }

    /// <summary>True when it reads <c>spans</c>, which a query of calls then has to join.</summary>
    public bool OfSpans { get; } = Sql.StartsWith("s.", StringComparison.Ordinal) || Sql.Contains("(s.", StringComparison.Ordinal) || Sql.Contains(" s.", StringComparison.Ordinal);
}

/// <summary>Where each field of the language lies in a partition.</summary>
internal static class FieldColumns
{
    /// <summary>Of a call: <c>c</c> as far as it goes, so that most filters never touch <c>spans</c>.</summary>
    public static readonly FrozenDictionary<FilterField, FieldColumn> OfCalls;

    /// <summary>Of any span, with its call in <c>c</c> where it has one.</summary>
    public static readonly FrozenDictionary<FilterField, FieldColumn> OfSpans;

    /// <summary>What a trace has itself; every other field is asked of its spans.</summary>
    public static readonly FrozenDictionary<FilterField, FieldColumn> OfTraces;

    /// <summary>The dimensions of rollups, alias <c>r</c>; figures by these alone need no rows.</summary>
    public static readonly FrozenDictionary<FilterField, FieldColumn> OfRollups;

    /// <summary>Rows of <c>peaks</c>, alias <c>p</c>: dimensions as they are, and of numbers the greatest of an hour.</summary>
    public static readonly FrozenDictionary<FilterField, FieldColumn> OfPeaks = new Dictionary<FilterField, FieldColumn>
    {
        [FilterFields.App] = new(ColumnKind.App, "p.app"),
        [FilterFields.Model] = Word("nullif(p.model, 0)"),
        [FilterFields.Outcome] = new(ColumnKind.Code, "p.outcome"),
        [FilterFields.Latency] = Integer("p.duration"),
        [FilterFields.Ttft] = Integer("p.ttft"),
        [FilterFields.InputTokens] = Integer("p.input_tokens"),
        [FilterFields.OutputTokens] = Integer("p.output_tokens"),
        [FilterFields.TotalTokens] = Integer("p.total_tokens"),
        [FilterFields.CacheReadTokens] = Integer("p.cache_read"),
        [FilterFields.CacheWriteTokens] = Integer("p.cache_write"),
        [FilterFields.ReasoningTokens] = Integer("p.reasoning"),
        [FilterFields.AudioInputTokens] = Integer("p.audio_input"),
        [FilterFields.AudioOutputTokens] = Integer("p.audio_output"),
        [FilterFields.Cost] = Money("p.cost"),
        [FilterFields.CostInput] = Money("p.cost_input"),
        [FilterFields.CostCacheRead] = Money("p.cost_cache_read"),
        [FilterFields.CostCacheWrite] = Money("p.cost_cache_write"),
        [FilterFields.CostOutput] = Money("p.cost_output"),
        [FilterFields.CostReasoning] = Money("p.cost_reasoning"),
        [FilterFields.CostOther] = Money("p.cost_other"),
    }.ToFrozenDictionary();

    static FieldColumns()
    {
        OfRollups = Dimensions().ToFrozenDictionary();
        OfSpans = CallFacts().Concat(SpanFacts("s")).ToFrozenDictionary();
        var ofCalls = CallFacts().Concat(SpanFacts("c")).ToDictionary();
        // Facets are kept of calls, and count tags by their words.
        ofCalls[FilterFields.Tag] = ofCalls[FilterFields.Tag] with { TextsAreWords = true };
        OfCalls = ofCalls.ToFrozenDictionary();
        OfTraces = TraceFacts().ToFrozenDictionary();
    }

    private static Dictionary<FilterField, FieldColumn> CallFacts() => new()
    {
        [FilterFields.Model] = Word("c.model"),
        [FilterFields.AskedModel] = Word("coalesce(c.request_model, c.model)"),
        [FilterFields.RequestModel] = Word("c.request_model"),
        [FilterFields.ResponseModel] = Word("CASE WHEN s.thin ->> '$.call.no_response_model' IS NULL THEN c.model END"),
        [FilterFields.Provider] = Word("c.provider"),
        [FilterFields.Operation] = Word("c.operation"),
        [FilterFields.Fingerprint] = new(ColumnKind.Fingerprint, "c.fingerprint"),
        [FilterFields.Ttft] = Integer("c.ttft"),
        [FilterFields.Speed] = Real("c.output_tokens * 1e9 / c.generation"),
        [FilterFields.Cost] = Money("c.cost"),
        [FilterFields.CostInput] = Money("c.cost_input"),
        [FilterFields.CostCacheRead] = Money("c.cost_cache_read"),
        [FilterFields.CostCacheWrite] = Money("c.cost_cache_write"),
        [FilterFields.CostOutput] = Money("c.cost_output"),
        [FilterFields.CostReasoning] = Money("c.cost_reasoning"),
        [FilterFields.CostOther] = Money("c.cost_other"),
        [FilterFields.CostSource] = new(ColumnKind.Code, "c.cost_source"),
        [FilterFields.Unpriced] = new(ColumnKind.Flag, "c.unpriced"),
        [FilterFields.TotalTokens] = Integer("c.total_tokens"),
        [FilterFields.InputTokens] = Integer("c.input_tokens"),
        [FilterFields.OutputTokens] = Integer("c.output_tokens"),
        [FilterFields.CacheReadTokens] = Integer("c.cache_read"),
        [FilterFields.CacheWriteTokens] = Integer("c.cache_write"),
        [FilterFields.ReasoningTokens] = Integer("c.reasoning"),
        [FilterFields.AudioInputTokens] = Integer("c.audio_input"),
        [FilterFields.AudioOutputTokens] = Integer("c.audio_output"),
        [FilterFields.Prompt] = Word("c.prompt"),
        [FilterFields.PromptVersion] = Word("c.prompt_version"),
        [FilterFields.Streaming] = new(ColumnKind.Flag, "c.streaming"),
        [FilterFields.FinishReason] = new(ColumnKind.TextList, "SELECT value FROM json_each(s.thin, '$.call.finish_reasons') WHERE c.id IS NOT NULL"),
        [FilterFields.Tool] = new(ColumnKind.TextList, "SELECT value ->> '$.name' AS value FROM json_each(s.thin, '$.call.tool_calls') WHERE c.id IS NOT NULL"),
        [FilterFields.CallSource] = new(ColumnKind.Code, "c.source"),
        [FilterFields.Temperature] = Real("CASE WHEN c.id IS NOT NULL THEN s.thin ->> '$.call.temperature' END"),
        [FilterFields.TopP] = Real("CASE WHEN c.id IS NOT NULL THEN s.thin ->> '$.call.top_p' END"),
        [FilterFields.MaxTokens] = Integer("CASE WHEN c.id IS NOT NULL THEN s.thin ->> '$.call.max_tokens' END"),
        [FilterFields.ResponseId] = new(ColumnKind.Text, "c.response_id"),
    };

    /// <param name="table">The table to take what both have from.</param>
    private static Dictionary<FilterField, FieldColumn> SpanFacts(string table) => new()
    {
        [FilterFields.App] = new(ColumnKind.App, table + ".app"),
        [FilterFields.Kind] = new(ColumnKind.Code, table + ".kind"),
        [FilterFields.Outcome] = new(ColumnKind.Code, table + ".outcome"),
        [FilterFields.ErrorType] = Word(table + ".error_type"),
        [FilterFields.ErrorGroup] = Word(table + ".error_group"),
        [FilterFields.ErrorMessage] = new(ColumnKind.Text, "s.thin ->> '$.error_message'"),
        [FilterFields.HttpStatus] = Integer(table + ".http_status"),
        [FilterFields.Latency] = Integer(table + ".duration"),
        [FilterFields.User] = Word(table + ".user"),
        [FilterFields.Session] = Word(table + ".session"),
        [FilterFields.Environment] = Word(table + ".environment"),
        [FilterFields.Release] = Word(table + ".release"),
        [FilterFields.Tag] = new(ColumnKind.TextList, "SELECT value FROM json_each(s.thin, '$.tags')"),
        [FilterFields.Metadata] = new(ColumnKind.Keyed, "json_each(s.thin, '$.metadata')"),
        [FilterFields.Name] = Word("s.name"),
        [FilterFields.DisplayName] = Word("s.display"),
        [FilterFields.Trace] = new(ColumnKind.TraceId, "s.trace"),
        [FilterFields.Span] = new(ColumnKind.SpanId, "s.span"),
        [FilterFields.Parent] = new(ColumnKind.SpanId, "nullif(s.parent, 0)"),
        [FilterFields.Start] = Integer("s.start"),
        [FilterFields.End] = Integer(table + ".\"end\""),
        [FilterFields.Content] = new(ColumnKind.Code, "CASE WHEN s.content IN (1, 3) AND s.number < $first THEN 2 ELSE s.content END"),
    };

    private static Dictionary<FilterField, FieldColumn> TraceFacts() => new()
    {
        [FilterFields.App] = new(ColumnKind.AppList, "SELECT value FROM json_each(t.thin, '$.apps')"),
        [FilterFields.Kind] = new(ColumnKind.Code, "t.kind"),
        [FilterFields.Outcome] = new(ColumnKind.Code, "t.outcome"),
        [FilterFields.Latency] = Integer("t.duration"),
        [FilterFields.User] = Word("t.user"),
        [FilterFields.Session] = Word("t.session"),
        [FilterFields.Environment] = Word("t.environment"),
        [FilterFields.Name] = Word("t.name"),
        [FilterFields.Cost] = Money("t.cost"),
        [FilterFields.TotalTokens] = Integer("t.total_tokens"),
        [FilterFields.Tag] = new(ColumnKind.TextList, "SELECT value FROM json_each(t.thin, '$.tags')"),
        [FilterFields.Trace] = new(ColumnKind.TraceId, "t.trace"),
        [FilterFields.Start] = Integer("t.start"),
        [FilterFields.End] = Integer("t.\"end\""),
    };

    private static Dictionary<FilterField, FieldColumn> Dimensions() => new()
    {
        [FilterFields.App] = new(ColumnKind.App, "r.app"),
        [FilterFields.Environment] = Word("nullif(r.environment, 0)"),
        [FilterFields.Kind] = new(ColumnKind.Code, "r.kind"),
        [FilterFields.Operation] = Word("nullif(r.operation, 0)"),
        [FilterFields.Provider] = Word("nullif(r.provider, 0)"),
        [FilterFields.Model] = Word("nullif(r.model, 0)"),
        [FilterFields.AskedModel] = Word("nullif(r.asked, 0)"),
        [FilterFields.Outcome] = new(ColumnKind.Code, "r.outcome"),
    };

    private static FieldColumn Word(string sql) => new(ColumnKind.Word, sql);

    private static FieldColumn Integer(string sql) => new(ColumnKind.Integer, sql);

    private static FieldColumn Money(string sql) => new(ColumnKind.Money, sql);

    private static FieldColumn Real(string sql) => new(ColumnKind.Real, sql);
}
