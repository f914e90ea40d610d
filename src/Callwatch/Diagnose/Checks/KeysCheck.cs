using Callwatch.Control;

namespace Callwatch.Diagnose.Checks;

/// <summary>Whether there are keys for what has to be done with one.</summary>
internal sealed class KeysCheck : ICheck
{
    public string Name => "keys";

    public IEnumerable<Finding> Run(Examined data, CancellationToken cancel)
    {
        if (!File.Exists(data.Paths.ControlFile)) yield break;
        var (send, run) = (0L, 0L);
        var known = new HashSet<KeyHash>();
        using (var connection = DatabaseCheck.Open(data.Paths.ControlFile))
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT scopes, hash FROM keys WHERE revoked IS NULL";
            using var rows = command.ExecuteReader();
            while (rows.Read())
            {
                var scopes = (KeyScopes)rows.GetInt64(0);
                if ((scopes & (KeyScopes.Ingest | KeyScopes.IngestAny | KeyScopes.Admin | KeyScopes.Operator)) != KeyScopes.None) send++;
                if (scopes.HasFlag(KeyScopes.Operator)) run++;
                known.Add(KeyHash.Read(rows.GetFieldValue<byte[]>(1)));
            }
        }

        if (run == 0) yield return new Finding(Name, FindingLevel.Problem, "No key may run the instance: the operator's are all revoked.", "callwatch keys create --data DIR --scope operator --scope admin") { Page = "/settings?tab=keys" };
        if (send == 0) yield return new Finding(Name, FindingLevel.Warning, "No key may send: only programs on this machine are taken in.", "callwatch keys create --app NAME --scope ingest") { Page = "/settings?tab=keys" };
        var file = Path.Combine(data.Data, FirstStart.AdminKeyFileName);
        if (File.Exists(file) && !known.Contains(KeyHash.Of(File.ReadAllText(file).Trim())))
            yield return new Finding(Name, FindingLevel.Warning, "admin.key holds a key that is not in force: the commands on this machine are refused with it.", "Delete the file, or write a key with the scopes admin and operator into it.") { Page = "/settings?tab=keys" };
    }
}
