using Callwatch.Control;
using Microsoft.Extensions.Options;

namespace Callwatch.Server.Access;

/// <summary>The admin key an operator gives the first start: <c>CALLWATCH_ADMIN_KEY</c>, else the file <c>Callwatch:Access:AdminKeyFile</c> names.</summary>
public static class AdminKeySetting
{
    public const string Variable = "CALLWATCH_ADMIN_KEY";

    private const string FileKey = AccessOptions.Section + ":" + nameof(AccessOptions.AdminKeyFile);

    /// <summary>Null when none is given; blank counts as none.</summary>
    /// <exception cref="OptionsValidationException">It is not of the form of a key, or the file cannot be read. The message does not hold the key.</exception>
    public static string? Read(string? variable, string? file)
    {
        if (!string.IsNullOrWhiteSpace(variable)) return Legal(variable.Trim(), Variable);
        if (string.IsNullOrWhiteSpace(file)) return null;
        try
        {
            return Legal(File.ReadAllText(file).Trim(), FileKey);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"{FileKey} names {file}, which cannot be read. Name a readable file that holds the key.");
        }
    }

    private static string Legal(string secret, string setting) => KeySecret.LooksRight(secret) ? secret
        : throw Wrong($"{setting} must hold {KeySecret.Start} and at least {KeySecret.LeastLength} of A-Z a-z 0-9 _ -, and nothing else.");

    private static OptionsValidationException Wrong(string message) => new(AccessOptions.Section, typeof(AccessOptions), [message]);
}
