using Callwatch.Normalize.Reading;
using Callwatch.Spans;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>Who, where, which (genai-attributes, section 4.3): as on the span itself, before inheritance. Customer ids decide nothing.</summary>
internal static class OwnerFields
{
    // Thin rows carry metadata; the whole of it is among the attributes.
    private const int MostMetadataKeys = 128;
    private const int LongestMetadata = 2_000;
    private const int LongestTag = 200;

    private static readonly FieldRules User =
    [
        Attr("langfuse.user.id"), Attr("user.id"), Attr("gen_ai.user.id"), Attr("enduser.id"), Attr("ai.telemetry.metadata.userId"),
        Attr("traceloop.association.properties.user_id"), Attr("langsmith.metadata.user_id"), Attr("gen_ai.request.user"), Attr("gen_ai.user"), Attr("llm.user"),
        Attr("metadata.user_api_key_end_user_id"), Attr("metadata.user_api_key_user_id"),
        Meta("user_id"), Meta("userId"), Meta("langfuse_user_id"), InQuotes("mlflow.trace.user"),
    ];

    private static readonly FieldRules SessionBefore =
    [
        Attr("langfuse.session.id"), Attr("session.id"), Attr("gen_ai.conversation.id"), Attr("ai.telemetry.metadata.sessionId"),
    ];

    // The id of a LangSmith "session" is that of its project wherever the project's name comes with it.
    private static readonly FieldRules LangSmithSession = [Attr("langsmith.trace.session_id")];
    private static readonly FieldRules LangSmithProject = [Attr("langsmith.trace.session_name")];

    private static readonly FieldRules SessionAfter =
    [
        Attr("langsmith.metadata.session_id"), Attr("langsmith.metadata.thread_id"), Attr("langsmith.metadata.conversation_id"),
        Attr("traceloop.association.properties.session_id"), Attr("traceloop.correlation.id"),
        Meta("session_id"), Meta("thread_id"), Meta("conversation_id"), Meta("langfuse_session_id"),
        Attr("gen_ai.agent.session_id"), InQuotes("mlflow.trace.session"),
    ];

    private static readonly FieldRules Environment =
    [
        Attr("langfuse.environment"), Attr("deployment.environment.name"), Attr("deployment.environment"), Attr("gen_ai.environment"),
    ];

    private static readonly FieldRules Release = [Attr("langfuse.release"), Attr("langfuse.version")];

    private static readonly FieldRules Tags =
    [
        Attr("callwatch.tags"), Attr("langfuse.trace.tags"), Attr("langfuse.tags"), Attr("tag.tags"), Attr("ai.telemetry.metadata.tags"), Attr("langsmith.span.tags"),
        Meta("tags"), Meta("langfuse_tags"),
    ];

    private static readonly FieldRules RecordKeys = [Attr("callwatch.message_id"), Attr("callwatch.workflow_run_id"), Attr("callwatch.node_execution_id")];

    // Keys that other fields are made of.
    private static readonly HashSet<string> Used = new(StringComparer.Ordinal)
    {
        "user_id", "userId", "langfuse_user_id", "session_id", "sessionId", "thread_id", "conversation_id", "langfuse_session_id", "tags", "langfuse_tags",
        "langfusePrompt", "usage_metadata", "user_api_key_end_user_id", "user_api_key_user_id",
    };

    private static readonly string[] Plumbing = ["ls_", "lc_", "LANGSMITH_", "langgraph_"];

    public static string? UserId(SpanFacts facts) => facts.Text(User);

    public static string? SessionId(SpanFacts facts) =>
        facts.Text(SessionBefore) ?? (facts.Mentions(LangSmithProject) ? null : facts.Text(LangSmithSession)) ?? facts.Text(SessionAfter);

    public static string EnvironmentOf(SpanFacts facts) => facts.Text(Environment) ?? facts.Space.Resource.Environment ?? Environments.Default;

    public static string? ReleaseOf(SpanFacts facts) => facts.Text(Release) ?? facts.Space.Resource.ServiceVersion;

    public static IReadOnlyList<string> TagsOf(SpanFacts facts)
    {
        var tags = facts.Texts(Tags);
        if (tags is [] && MlflowTags(facts) is { } own) tags = own;
        return tags.Any(tag => tag.Length > LongestTag) ? [.. tags.Select(tag => Reading.Texts.Cut(tag, LongestTag))] : tags;
    }

    // MLflow's tags have a name and a value; those it sets itself begin with its own name.
    private static List<string>? MlflowTags(SpanFacts facts)
    {
        List<string>? tags = null;
        foreach (var item in facts.Items)
        {
            if (item.Family != Family.MlflowTags || facts.KeyOf(item).StartsWith("mlflow."u8)) continue;
            var value = facts.ValueOf(item);
            var json = facts.Json(value);
            if ((json.IsAbsent ? value.Text(facts.Space.Words) : json.ToText()) is { } text) (tags ??= []).Add(facts.Space.Words.Get(facts.KeyOf(item)) + ":" + text);
        }

        return tags;
    }

    public static IReadOnlyList<string> RecordKeysOf(SpanFacts facts)
    {
        if (!facts.Mentions(RecordKeys)) return [];
        var keys = new List<string>(RecordKeys.Count);
        foreach (var value in facts.All(RecordKeys))
            if (value.Text(facts.Space.Words) is { Length: > 0 and <= LongestTag } key && !keys.Contains(key)) keys.Add(key);
        return keys;
    }

    public static IReadOnlyDictionary<string, string> MetadataOf(SpanFacts facts)
    {
        if (!facts.Space.HasMetadata) return Span.EmptyMetadata;
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        Metadata.AddAll(facts, all, static key => Used.Contains(key) || Plumbing.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal)), MostMetadataKeys, LongestMetadata);
        return all.Count == 0 ? Span.EmptyMetadata : all;
    }
}
