using Microsoft.Extensions.Options;

namespace Callwatch.Server.Access;

/// <summary>Settings under <c>Callwatch:Access</c>.</summary>
public sealed class AccessOptions
{
    public const string Section = "Callwatch:Access";

    /// <summary>Whether requests from this very machine may send and look without a key (<see cref="LoopbackTrust"/>). Default true.</summary>
    public bool TrustLoopback { get; set; } = true;

    /// <summary>File with the admin key for the first start; <c>CALLWATCH_ADMIN_KEY</c> goes before it. Default none: a key is made.</summary>
    public string? AdminKeyFile { get; set; }

    /// <summary>How long a sign-in in the browser lasts. Default 7 days, at most 90.</summary>
    public TimeSpan SignInLifetime { get; set; } = TimeSpan.FromDays(7);
}

internal sealed class AccessOptionsValidator : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options) =>
        options.SignInLifetime <= TimeSpan.Zero || options.SignInLifetime > TimeSpan.FromDays(90)
            ? ValidateOptionsResult.Fail($"{AccessOptions.Section}:SignInLifetime must be above zero and at most 90 days, as in 7.00:00:00.")
            : ValidateOptionsResult.Success;
}
