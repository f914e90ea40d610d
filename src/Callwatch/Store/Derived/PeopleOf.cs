using Callwatch.Spans;
using Callwatch.Store.Rollups;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Store.Derived;

/// <summary>Counts who made the calls of a bucket, exactly for each app, with a sketch for adding up.</summary>
internal static class PeopleOf
{
    /// <summary>Those who took part in a message, the conversations of messages, those who started a run of a workflow.</summary>
    public const int UsersOfMessages = 2, SessionsOfMessages = 3, UsersOfRuns = 4;

    private static readonly (int Field, string Table, string Column, string Among)[] Sources =
    [
        (0, "calls", "user", ""), (1, "calls", "session", ""),
        (UsersOfMessages, "records", "user", " AND kind = 40"), (SessionsOfMessages, "records", "session", " AND kind = 40"), (UsersOfRuns, "records", "user", " AND kind = 41"),
    ];

    public static void Add(SqliteConnection connection, DerivedBucket made)
    {
        foreach (var (field, table, column, among) in Sources)
        {
            using var row = new Statement(connection, $"""
                SELECT g.tenant, g.app, w.word, g.calls FROM (
                  SELECT tenant, app, {column} AS id, count(*) AS calls FROM {table} WHERE "end" >= ?1 AND "end" < ?2 AND {column} IS NOT NULL{among} GROUP BY 1, 2, 3) g
                JOIN words w ON w.id = g.id
                """);
            row.Bind(1, made.Bucket * Timestamp.NanosecondsPerSecond).Bind(2, (made.Bucket + made.Level.Seconds()) * Timestamp.NanosecondsPerSecond);
            while (row.Step())
            {
                var count = made.PeopleOf((int)row.Long(0), (int)row.Long(1), field);
                count.People++;
                count.Calls += row.Long(3);
                count.Sketch.Add(PeopleSketch.HashOf(row.Text(2)));
            }
        }
    }
}
