using System.Text.RegularExpressions;

namespace Callwatch.Forward.Destinations.Sentry;

/// <summary>Where a project takes envelopes: <c>{scheme}://{public key}[:{secret}]@{host}{/path}/{project id}</c>.</summary>
/// <param name="Base">Scheme, host and path, without a slash at the end.</param>
/// <param name="Secret">Long obsolete; sent only where one is given.</param>
internal sealed partial record SentryDsn(string Base, string PublicKey, string? Secret, string Project)
{
    public Uri Envelopes => new($"{Base}/api/{Project}/envelope/");

    /// <summary>Null, and what is wrong with the text.</summary>
    public static (SentryDsn? Dsn, string? Wrong) Parse(string text)
    {
        const string Form = "A DSN looks like https://KEY@HOST/PROJECT; Sentry shows it under Settings, Projects, Client Keys.";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0) return (null, Form);
        if (uri.Query.Length > 0 || uri.Fragment.Length > 0) return (null, "A DSN ends with the project: no '?' and no '#'.");
        var user = uri.UserInfo.Split(':', 2);
        if (!KeyForm().IsMatch(user[0])) return (null, "The DSN has no public key before the '@'. " + Form);
        if (user.Length == 2 && !KeyForm().IsMatch(user[1])) return (null, "What stands behind the ':' of the DSN is no key. " + Form);
        var path = uri.AbsolutePath.TrimEnd('/');
        var slash = path.LastIndexOf('/');
        var project = slash < 0 ? "" : path[(slash + 1)..];
        if (!KeyForm().IsMatch(project)) return (null, "The DSN has no project behind its last '/'. " + Form);
        return (new SentryDsn($"{uri.Scheme}://{uri.Authority}{path[..slash]}", user[0], user.Length == 2 ? user[1] : null, project), null);
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,200}$", RegexOptions.NonBacktracking)]
    private static partial Regex KeyForm();
}
