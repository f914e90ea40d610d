using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Callwatch.Journal;

namespace Callwatch.Backup;

/// <summary>What a backup holds, and that its parts belong together: <c>manifest.json</c>, written last. A folder without one is no backup.</summary>
public sealed record BackupManifest
{
    public const string FileName = "manifest.json";

    /// <summary>The SHA-256 of the manifest itself, as <c>sha256sum</c> writes it.</summary>
    public const string SumFileName = "manifest.json.sha256";

    /// <summary>The newest layout this program reads and the one it writes.</summary>
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    /// <summary>Version of the program that made it.</summary>
    public required string Version { get; init; }

    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>The journal's epoch. Places of this epoch up to <see cref="Head"/> belong to the journal that is in the backup.</summary>
    public required Guid Epoch { get; init; }

    /// <summary>The oldest journal record in it; head + 1 when there is none.</summary>
    public required long First { get; init; }

    /// <summary>The last journal record in it; 0 when there is none.</summary>
    public required long Head { get; init; }

    /// <summary>Where the readers of the journal stood, by name.</summary>
    public required IReadOnlyDictionary<string, ManifestPlace> Places { get; init; }

    /// <summary>Files of the data folder that a backup does not hold on purpose.</summary>
    public required IReadOnlyList<string> LeftOut { get; init; }

    public required IReadOnlyList<ManifestFile> Files { get; init; }

    [JsonIgnore]
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>Reads the manifest of a backup.</summary>
    /// <param name="problem">Why it is none, in one sentence, when the answer is null.</param>
    public static BackupManifest? Read(string directory, out string problem)
    {
        problem = "";
        var (file, sum) = (Path.Combine(directory, FileName), Path.Combine(directory, SumFileName));
        if (!Directory.Exists(directory)) problem = $"{directory} does not exist.";
        else if (!File.Exists(file)) problem = $"{directory} is no backup, or one that was not finished: {FileName} is missing.";
        else if (!File.Exists(sum)) problem = $"{SumFileName} is missing.";
        if (problem.Length > 0) return null;
        var bytes = File.ReadAllBytes(file);
        if (File.ReadAllText(sum) != SumOf(bytes))
        {
            problem = $"{FileName} is damaged: it is not what {SumFileName} says.";
            return null;
        }

        try
        {
            // The words for what is required ask that it is there, not that it is something.
            if (JsonSerializer.Deserialize(bytes, BackupJson.Default.BackupManifest) is not { Version: not null, Places: not null, LeftOut: not null, Files: { } files } manifest
                || files.Any(file => file is not { Path: not null, Sha256: not null })) problem = $"{FileName} is not the manifest of a backup.";
            else if (manifest.Format <= CurrentFormat) return manifest;
            else problem = $"The backup was made by a newer callwatch (format {manifest.Format}, this program knows {CurrentFormat}). Update the program.";
        }
        catch (JsonException)
        {
            problem = $"{FileName} is not the manifest of a backup.";
        }

        return null;
    }

    internal byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest);

    internal static string SumOf(byte[] manifest) => $"{Convert.ToHexStringLower(SHA256.HashData(manifest))}  {FileName}\n";

    internal static byte[] SumBytes(byte[] manifest) => Encoding.ASCII.GetBytes(SumOf(manifest));
}

/// <summary>A reader's place.</summary>
public sealed record ManifestPlace(Guid Epoch, long Number)
{
    public static ManifestPlace Of(Position position) => new(position.Epoch, position.Number);
}

/// <summary>A file of a backup.</summary>
/// <param name="Path">Below the backup's folder, with slashes.</param>
/// <param name="Sha256">In lower-case hexadecimal.</param>
public sealed record ManifestFile(string Path, long Bytes, string Sha256)
{
    /// <summary>Whether the path stays below the folder: a manifest from elsewhere must not write anywhere else.</summary>
    [JsonIgnore]
    public bool IsBelow => Path.Length > 0 && !System.IO.Path.IsPathRooted(Path) && Path.AsSpan().IndexOfAny('\\', '\0') < 0
        && Path.Split('/').All(part => part is not ("" or "." or "..") && !part.Contains(':', StringComparison.Ordinal));

    public string In(string directory) => System.IO.Path.Combine([directory, .. Path.Split('/')]);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class BackupJson : JsonSerializerContext;
