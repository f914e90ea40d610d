using System.Text.RegularExpressions;
using Callwatch.Client.Sentry.Envelopes;

namespace Callwatch.Client.Sentry.Errors;

/// <summary>Takes keys, passwords and, unless they may go along, prompts and answers out of texts that are about to leave the machine.</summary>
internal static partial class Scrub
{
    private const string Removed = "[removed]";

    // What is longer is cut before it is looked through: nobody reads it, and the patterns cost time.
    private const int MostLookedAt = 65_536;

    /// <param name="most">Longest that is kept, in characters.</param>
    /// <param name="prompts">Whether prompts and answers may go along.</param>
    public static string Text(string text, int most, bool prompts)
    {
        if (text.Length == 0) return text;
        var clean = text.Length > MostLookedAt ? text[..MostLookedAt] : text;
        if (!prompts && clean.Contains('"', StringComparison.Ordinal)) clean = Content().Replace(clean, "\"${name}\":\"" + Removed + "\"");
        clean = Credentials().Replace(clean, "${scheme} " + Removed);
        clean = Named().Replace(clean, "${name}${is}" + Removed);
        clean = Keys().Replace(clean, Removed);
        if (clean.Contains("://", StringComparison.Ordinal)) clean = UserInfo().Replace(clean, "://" + Removed + "@");
        return EventJson.Cut(clean, most);
    }

    /// <summary>Whether what has this name must not leave the machine.</summary>
    public static bool IsSecretName(string name) => SecretName().IsMatch(name);

    /// <summary>Attributes of spans that hold prompts, answers, or what was handed to tools.</summary>
    public static bool IsContentName(string name) => ContentName().IsMatch(name);

    /// <summary>Without user, query and fragment.</summary>
    public static string Address(string url)
    {
        var end = url.AsSpan().IndexOfAny('?', '#');
        return UserInfo().Replace(end < 0 ? url : url[..end], "://");
    }

    [GeneratedRegex(@"\b(?<scheme>bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Credentials();

    [GeneratedRegex(
        @"(?<name>password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|account[_-]?key|private[_-]?key|authorization|set-cookie|cookie|signature|credentials?)(?<is>[""']?\s*[:=]\s*[""']?)[^\s""'&;,<>\[{}]+",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Named();

    // By their looks: OpenAI, Anthropic, Callwatch, GitHub, Slack, Amazon, Google, Hugging Face, GitLab, LangSmith, Langfuse, Stripe, JWT.
    [GeneratedRegex(
        @"\b(sk-|pk-|sk_|pk_|rk_|cw_|ghp_|gho_|ghs_|github_pat_|xox[abprs]-|AKIA|ASIA|AIza|hf_|glpat-|lsv2_|eyJ)[A-Za-z0-9._-]{10,}",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Keys();

    [GeneratedRegex("://[^/\\s:@\"']*(:[^/\\s@\"']*)?@", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex UserInfo();

    // A provider's refusal often repeats the request.
    [GeneratedRegex(
        """
        "(?<name>content|prompt|input|text|query|question|answer|arguments|output|completion|instructions|system)"\s*:\s*"([^"\\]|\\.)*("|$)
        """,
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Content();

    [GeneratedRegex("password|passwd|passphrase|secret|token$|api[_.-]?key|access[_.-]?key|private[_.-]?key|authorization|cookie|credential|connection[_.-]?string", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex SecretName();

    [GeneratedRegex(
        @"^(gen_ai\.(input|output|prompt|completion|system_instructions|tool\.(definitions|call\.(arguments|result))|content|request\.messages|response\.(text|tool_calls)|evaluation)|gen_ai\.(user|assistant|tool|system)\.message|llm\.(input|output|prompt|completion)|input\.value|output\.value|(db\.)?(statement|query\.parameter)|callwatch\.(input|output|metadata)|retrieval\.|traceloop\.entity|langfuse\.|ai\.(prompt|response\.(text|object|toolCalls)|toolCall\.(args|result))|message$|http\.(request|response)\.(header|body)|(enduser|user|client|service\.user|gen_ai\.user)\.|url\.query|exception\.)",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex ContentName();
}
