using System.Text.RegularExpressions;

namespace Callwatch.Client.Sentry.Envelopes;

/// <summary>Where a project takes envelopes: <c>{scheme}://{public key}[:{secret}]@{host}{/path}/{project id}</c>.</summary>
/// <param name="Base">Scheme, host and path, without a slash at the end.</param>
/// <param name="Secret">Long obsolete; sent only where one is given.</param>
internal sealed partial record Dsn(string Base, string PublicKey, string? Secret, string Project)
{
    public Uri Envelopes => new($"{Base}/api/{Project}/envelope/");

    /// <summary>Null when it is none. What was given is never repeated: it holds a key.</summary>
    public static Dsn? Parse(string? text)
    {
        if (text is null || text.Length > 2_000 || !Uri.TryCreate(text.Trim(), UriKind.Absolute, out var uri)) return null;
        if (uri.Scheme is not ("http" or "https") || uri.Host.Length == 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0) return null;
        var user = uri.UserInfo.Split(':', 2);
        if (!Word().IsMatch(user[0]) || (user.Length == 2 && !Word().IsMatch(user[1]))) return null;
        var path = uri.AbsolutePath.TrimEnd('/');
        var slash = path.LastIndexOf('/');
        if (slash < 0 || !Word().IsMatch(path[(slash + 1)..])) return null;
        return new Dsn($"{uri.Scheme}://{uri.Authority}{path[..slash]}", user[0], user.Length == 2 ? user[1] : null, path[(slash + 1)..]);
    }

    // \z, not $: a line break at the end would go into a header.
    [GeneratedRegex(@"^[A-Za-z0-9_-]{1,200}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Word();
}
