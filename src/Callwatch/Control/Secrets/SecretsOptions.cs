namespace Callwatch.Control.Secrets;

/// <summary>Settings under <c>Callwatch:Secrets</c>. One of the first three is given, or none.</summary>
public sealed class SecretsOptions
{
    public const string Section = "Callwatch:Secrets";

    /// <summary>The master key, which the secrets of destinations are sealed with: base64 of 32 bytes, as <c>openssl rand -base64 32</c> makes. Default none: <c>master.key</c> in the data folder, made at the first start.</summary>
    public string? MasterKey { get; set; }

    /// <summary>File that holds the master key, as base64. Default none.</summary>
    public string? MasterKeyFile { get; set; }

    /// <summary>Command that prints the master key, as base64; the system's shell runs it, and it has 10 s. Default none.</summary>
    public string? MasterKeyCommand { get; set; }

    /// <summary>The master key before this one: the next start seals anew what it had sealed, after which it is not needed any more. Default none.</summary>
    public string? PreviousMasterKey { get; set; }
}
