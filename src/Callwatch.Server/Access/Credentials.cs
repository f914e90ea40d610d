using System.Text;
using Microsoft.AspNetCore.Http;

namespace Callwatch.Server.Access;

/// <summary>The key a request brings, in whichever of the three ways SDKs have.</summary>
/// <param name="Secret">Null when there is none; "" when there is something that cannot be a key.</param>
/// <param name="SentByBrowser">True when a browser may have added it by itself, so that the page that asked must be one of ours.</param>
internal readonly record struct Credentials(string? Secret, bool SentByBrowser)
{
    public static Credentials Of(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString().AsSpan().Trim();
        var space = authorization.IndexOf(' ');
        var scheme = space < 0 ? authorization : authorization[..space];
        var value = space < 0 ? default : authorization[space..].Trim();

        // SDKs that were given an empty key send the empty header all the same: that is no key, not a bad one.
        if (!value.IsEmpty)
        {
            return scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) ? new(value.ToString(), SentByBrowser: false)
                : scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? new(PasswordOf(value), SentByBrowser: true)
                : new("", SentByBrowser: true);
        }

        var apiKey = request.Headers["x-api-key"].ToString().Trim();
        return new(apiKey.Length == 0 ? null : apiKey, SentByBrowser: false);
    }

    // Langfuse's SDKs send "public:secret"; the key stands where the secret does.
    private static string PasswordOf(ReadOnlySpan<char> basic)
    {
        var bytes = new byte[basic.Length];
        if (!Convert.TryFromBase64Chars(basic, bytes, out var length)) return "";
        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        return pair[(pair.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }
}
