using System.Data.Common;
using Callwatch.Client.Telemetry.Sources;

namespace Callwatch.Client.Data;

/// <summary>Spans for databases whose driver makes none, Microsoft.Data.Sqlite above all.</summary>
public static class TracedConnections
{
    /// <summary>
    /// The same connection, with a span for each command that is run through it: <c>using var db = new SqliteConnection(text).Traced();</c>. Texts and
    /// numbers in commands are left out of the span. Closing and disposing reach the connection within.
    /// </summary>
    /// <param name="connection">Open or not.</param>
    /// <param name="system">By the conventions (<c>sqlite</c>, <c>postgresql</c>, ...); null to tell by the connection's type.</param>
    public static DbConnection Traced(this DbConnection connection, string? system = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection as TracedConnection ?? new TracedConnection(connection, system ?? DataSpans.SystemOf(connection));
    }

    /// <summary>The connection within, for what only its own type can do; a connection that is not traced is returned as it is.</summary>
    public static DbConnection Untraced(this DbConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection is TracedConnection traced ? traced.Inner : connection;
    }
}
