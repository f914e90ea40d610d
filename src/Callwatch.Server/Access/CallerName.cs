using System.Globalization;
using Callwatch.Control;

namespace Callwatch.Server.Access;

/// <summary>Who asked, for the audit.</summary>
public static class CallerName
{
    public static string ToName(this Caller caller, Keys keys) => caller.Kind switch
    {
        CallerKind.Loopback => "this machine",
        // Also of another tenant: an operator goes anywhere.
        _ when keys.Find(caller.KeyId) is { } key =>
            string.Create(CultureInfo.InvariantCulture, $"{(caller.Kind == CallerKind.SignIn ? "signed in with key" : "key")} {key.Id} ({key.Prefix}...{(key.Label is { } label ? ", " + label : "")})"),
        CallerKind.SignIn => "signed in with the link of the start",
        _ => string.Create(CultureInfo.InvariantCulture, $"key {caller.KeyId}"),
    };
}
