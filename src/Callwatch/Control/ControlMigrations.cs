using System.Globalization;
using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Callwatch.Control;

/// <summary>
/// The numbered scripts of <c>Control/Schema</c>. Each runs with its number in one transaction, so that a process killed at any
/// statement leaves the format before, and the next start begins the script again.
/// </summary>
internal static class ControlMigrations
{
    public static readonly IReadOnlyList<Migration> All = Read();

    public static void Apply(SqliteConnection connection, string file) => Apply(connection, file, All);

    internal static void Apply(SqliteConnection connection, string file, IReadOnlyList<Migration> migrations)
    {
        foreach (var migration in migrations)
        {
            // Immediate: of two processes that start together the second waits here and then finds the work done.
            using var transaction = connection.BeginTransaction(deferred: false);
            var format = connection.ExecuteScalar<long>("PRAGMA user_version", transaction: transaction);
            if (format > migrations[^1].Number) throw Newer(file, format, migrations[^1].Number);
            if (format >= migration.Number) continue;
            connection.Execute(migration.Sql, transaction: transaction);
            connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {migration.Number}"), transaction: transaction);
            transaction.Commit();
        }
    }

    private static StartRefusedException Newer(string file, long format, long known) =>
        new(new StartRefusal.DataNewer(Path.GetDirectoryName(Path.GetFullPath(file))!, Path.GetFileName(file), format, known));

    private static List<Migration> Read()
    {
        const string Folder = ".Control.Schema.";
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.Contains(Folder, StringComparison.Ordinal))
            .Select(name =>
            {
                using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var number = name.AsSpan(name.IndexOf(Folder, StringComparison.Ordinal) + Folder.Length, 4);
                return new Migration(int.Parse(number, CultureInfo.InvariantCulture), text.ReadToEnd());
            })
            .OrderBy(migration => migration.Number)];
    }
}

internal sealed record Migration(int Number, string Sql);
