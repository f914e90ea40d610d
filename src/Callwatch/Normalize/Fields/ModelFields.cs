using System.Net;
using Callwatch.Normalize.Reading;
using static Callwatch.Normalize.Reading.FieldRule;

namespace Callwatch.Normalize.Fields;

/// <summary>Who answered, with which model (genai-attributes, section 4.1).</summary>
internal static class ModelFields
{
    // "openai.chat": the part before the first dot.
    private static readonly FieldRule AiProvider = Attr("ai.model.provider");

    private static readonly FieldRules ProviderNames =
    [
        Attr("gen_ai.provider.name"), Attr("gen_ai.system"), Attr("llm.provider"), Attr("llm.system"), AiProvider,
        InQuotes("mlflow.llm.provider"), Attr("langsmith.metadata.ls_provider"), Meta("ls_provider"),
    ];

    private static readonly FieldRules RequestModels =
    [
        Attr("gen_ai.request.model"), Attr("llm.request.model_name"), Attr("ai.model.id"),
        Json("llm.invocation_parameters", "model"), Json("llm.invocation_parameters", "model_name"), Attr("embedding.model_name"),
        InQuotes("mlflow.llm.model"), Attr("langsmith.metadata.ls_model_name"), Meta("ls_model_name"),
        Json("input.value", "model"), Json("gcp.vertex.agent.llm_request", "model"),
    ];

    private static readonly FieldRules GenkitSubtype = [Attr("genkit:metadata:subtype")];
    private static readonly FieldRules GenkitName = [Attr("genkit:name")];

    private static readonly FieldRules ResponseModels =
    [
        Attr("gen_ai.response.model"), Attr("ai.response.model"), Attr("llm.response.model_name"), Attr("langfuse.observation.model.name"),
        Attr("llm.model_name"), Attr("llm.response.model"), Attr("embedding.model_name"),
    ];

    private static readonly FieldRules ResponseIds = [Attr("gen_ai.response.id"), Attr("ai.response.id"), Json("output.value", "id")];
    private static readonly FieldRules Address = [Attr("server.address")];
    private static readonly FieldRules Url = [Attr("url.full"), Attr("http.url")];

    /// <summary>As sent, and folded.</summary>
    public static (string? Raw, string? Folded) Provider(SpanFacts facts, string? host)
    {
        var names = facts.All(ProviderNames);
        while (names.MoveNext())
        {
            var value = names.Current;

            // LangChain and LiteLLM name themselves, or nobody, where the provider belongs.
            if (value.Text(facts.Space.Words) is not { Length: > 0 } name || name is "langchain" or "Unknown") continue;
            var dot = names.Rule.Slot == AiProvider.Slot ? name.IndexOf('.', StringComparison.Ordinal) : -1;
            return (name, Providers.Fold(dot > 0 ? name[..dot] : name));
        }

        var scope = facts.Space.Scope.Name;
        if (scope.StartsWith("OpenAI.", StringComparison.Ordinal)) return (null, "openai");
        if (scope.StartsWith("com.anthropic.", StringComparison.Ordinal)) return (null, "anthropic");
        return (null, host is null ? null : Providers.OfHost(host));
    }

    public static string? RequestModel(SpanFacts facts)
    {
        if (facts.Text(RequestModels) is { } model) return model;
        return facts.Mentions(GenkitSubtype) && facts.Text(GenkitSubtype) == "model" ? facts.Text(GenkitName) : null;
    }

    public static string? ResponseModel(SpanFacts facts) => facts.Text(ResponseModels);

    public static string? ResponseId(SpanFacts facts)
    {
        foreach (var value in facts.All(ResponseIds))
            if (value.Text(facts.Space.Words) is { Length: > 0 } id && id != "N/A") return Texts.Cut(id, FieldReading.LongestText);
        return null;
    }

    /// <summary>The endpoint's host where it says something: not an address of this machine or network, and not what OpenLIT makes up.</summary>
    public static string? Host(SpanFacts facts)
    {
        if (!facts.Mentions(Address) && !facts.Mentions(Url)) return null;
        if (facts.Space.Resource.SdkName == "openlit" || facts.Space.Scope.Name.Contains("openlit", StringComparison.OrdinalIgnoreCase)) return null;
        var host = facts.Text(Address) ?? (Uri.TryCreate(facts.Text(Url), UriKind.Absolute, out var url) ? url.Host : null);
        return host is null || !host.Contains('.', StringComparison.Ordinal) || IPAddress.TryParse(host, out _) ? null : host;
    }
}
