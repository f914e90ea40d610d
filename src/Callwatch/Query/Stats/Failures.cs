using Callwatch.Query.Running;
using Callwatch.Spans;
using Callwatch.Store.Sqlite;
using Microsoft.Data.Sqlite;

namespace Callwatch.Query.Stats;

/// <summary>The index over failed calls alone, which has what is mostly asked of them.</summary>
internal static class Failures
{
    private const string Index = " INDEXED BY calls_fingerprint";

    /// <summary>
    /// A statement over <c>calls c</c> of which the condition says that there is a fingerprint. Of most of a partition's time it goes through all of its failures in
    /// their index, which SQLite would rather look up one by one.
    /// </summary>
    /// <param name="sql">Writes the statement, with this behind the table's name.</param>
    public static Statement Over(OpenPartition open, Timestamp from, Timestamp to, Func<string, string> sql)
    {
        var (first, last) = (Math.Max(from.UnixNanoseconds, open.Partition.From.UnixNanoseconds), Math.Min(to.UnixNanoseconds, open.Partition.To.UnixNanoseconds));
        if (!open.Reader.HasFailures || (last - first) * 2 < open.Partition.To.UnixNanoseconds - open.Partition.From.UnixNanoseconds) return new Statement(open.Reader.Connection, sql(""));
        try
        {
            return new Statement(open.Reader.Connection, sql(Index));
        }
        catch (SqliteException e) when (e.Message.Contains("no query solution", StringComparison.Ordinal))
        {
            // Where the condition can hold nowhere, as of an app that nobody knows, SQLite refuses the index that it is told to use.
            return new Statement(open.Reader.Connection, sql(""));
        }
    }
}
