using System.Globalization;
using Callwatch.Control.Secrets;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether the master key opens the secrets of destinations. Nothing that is opened is kept or shown.</summary>
internal sealed class SecretsCheck : ICheck
{
    public string Name => "secrets";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (!File.Exists(data.Paths.ControlFile)) yield break;
        var rows = Sealed(data.Paths.ControlFile);
        if (rows.Count == 0) yield break;
        MasterKeySource? source = null;
        string? wrong = null;
        try
        {
            source = new MasterKeySource(data.Secrets, Path.GetFullPath(data.Data));
        }
        catch (StartRefusedException e)
        {
            wrong = e.Refusal.Line;
        }

        if (source is null)
        {
            yield return new Finding(Name, FindingLevel.Problem, wrong!, "No server would start with these settings.");
            yield break;
        }

        var keys = Keys(source, out var problem);
        if (problem is not null) yield return new Finding(Name, FindingLevel.Problem, $"There is no master key, and {Destinations(rows.Count)} cannot be sent to: {problem}", "Put the master key back, or start with the settings that name it; lanes wait until then, and nothing else does.");
        if (OpenToOthers(source)) yield return new Finding(Name, FindingLevel.Warning, $"{MasterKeySource.FileName} can be read by others on this machine.", "The next start closes it. If somebody may have read it: callwatch secrets rotate --master.");
        if (problem is null)
        {
            foreach (var row in rows)
                if (Trouble(row, keys, source.Name) is { } trouble)
                    yield return new Finding(Name, FindingLevel.Problem, $"The secrets of {row.Name} cannot be opened: {trouble}", "Start with the master key that was in use when they were saved, or enter them again: callwatch destinations change ID.") { Foreign = [row.Name], Page = "/destinations" };
        }
    }

    private static string Destinations(int count) => count == 1 ? "a destination" : string.Create(CultureInfo.InvariantCulture, $"{count} destinations");

    private static Dictionary<string, MasterKey> Keys(MasterKeySource source, out string? problem)
    {
        problem = null;
        var keys = new Dictionary<string, MasterKey>(StringComparer.Ordinal);
        if (source.Previous is { } previous) keys[previous.Id] = previous;
        switch (source.Read())
        {
            case MasterKeyAnswer.Found { Key: var key }:
                keys[key.Id] = key;
                break;
            case MasterKeyAnswer.Missing missing:
                problem = missing.Problem;
                break;
        }

        // A change of it that was broken off is ended by the next start.
        if (!source.IsOwnFile || MasterKeySource.ReadFile(source.NextFile) is not MasterKeyAnswer.Found { Key: var next }) return keys;
        keys[next.Id] = next;
        problem = null;
        return keys;
    }

    private static bool OpenToOthers(MasterKeySource source) =>
        !OperatingSystem.IsWindows() && source.IsOwnFile && File.Exists(source.OwnFile)
        && (File.GetUnixFileMode(source.OwnFile) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != UnixFileMode.None;

    private static string? Trouble(SealedRow row, Dictionary<string, MasterKey> keys, string source)
    {
        if (row.Wrapped is null) return "the key that they were sealed with is gone.";
        if (!keys.TryGetValue(row.Master!, out var master)) return $"the master key is wrong: they were sealed under the key {row.Master}, and {source} holds {string.Join(" and ", keys.Keys)}.";
        return master.Unwrap(row.Tenant, row.Wrapped) is { } dataKey && SecretVault.Opens(dataKey, row.Tenant, row.Id, row.Secrets) ? null : "they are damaged.";
    }

    private static List<SealedRow> Sealed(string file)
    {
        List<SealedRow> rows = [];
        using var connection = DatabaseCheck.Open(file);
        using var command = connection.CreateCommand();

        // A folder of an earlier program has no such table.
        command.CommandText = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('destinations', 'data_keys')";
        if (command.ExecuteScalar() is not 2L) return rows;
        command.CommandText = """
            SELECT destinations.id, destinations.tenant, name, secrets, master, wrapped FROM destinations
              LEFT JOIN data_keys ON data_keys.id = data_key AND data_keys.tenant = destinations.tenant WHERE secrets IS NOT NULL ORDER BY destinations.id
            """;
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            rows.Add(new SealedRow(
                row.GetInt64(0), row.GetInt32(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.IsDBNull(4) ? null : row.GetString(4), row.IsDBNull(5) ? null : row.GetFieldValue<byte[]>(5)));
        }

        return rows;
    }

    private sealed record SealedRow(long Id, int Tenant, string Name, byte[] Secrets, string? Master, byte[]? Wrapped);
}
