using System.Text.Json;
using Callwatch.Client.Jobs;

namespace Samples.Shared;

/// <summary>A conversation that is to be named.</summary>
/// <param name="Message">The message it begins with.</param>
internal sealed record NamingOrder(string Conversation, string Message);

/// <summary>A queue in the database. Orders lie in it in envelopes, which carry the trace they were given in to whoever takes them out.</summary>
internal sealed class JobQueue(Database database)
{
    public async Task PutAsync(NamingOrder order, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var command = connection.Command("INSERT INTO jobs (id, envelope) VALUES (@id, @envelope)",
            ("id", Guid.CreateVersion7().ToString()), ("envelope", JsonSerializer.Serialize(Envelope.Of(order))));
        await command.ExecuteNonQueryAsync(cancel);
    }

    /// <summary>The oldest, which is out of the queue then; null when there is none.</summary>
    public async Task<Envelope<NamingOrder>?> TakeAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var command = connection.Command("DELETE FROM jobs WHERE id = (SELECT min(id) FROM jobs) RETURNING envelope");
        return await command.ExecuteScalarAsync(cancel) is string envelope ? JsonSerializer.Deserialize<Envelope<NamingOrder>>(envelope) : null;
    }
}
