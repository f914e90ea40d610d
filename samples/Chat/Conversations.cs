using OpenAI.Chat;
using Samples.Shared;

namespace Samples.Chat;

/// <summary>What has been said so far.</summary>
internal sealed class Conversations(Database database)
{
    public async Task<List<ChatMessage>> HistoryAsync(string conversation, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var command = connection.Command("SELECT asked, answered FROM messages WHERE conversation = @conversation ORDER BY id", ("conversation", conversation));
        await using var rows = await command.ExecuteReaderAsync(cancel);
        var history = new List<ChatMessage>();
        while (await rows.ReadAsync(cancel)) history.AddRange([new UserChatMessage(rows.GetString(0)), new AssistantChatMessage(rows.GetString(1))]);
        return history;
    }

    public async Task AddAsync(string message, string conversation, string asked, string answered, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var command = connection.Command("INSERT INTO messages (id, conversation, asked, answered) VALUES (@id, @conversation, @asked, @answered)",
            ("id", message), ("conversation", conversation), ("asked", asked), ("answered", answered));
        await command.ExecuteNonQueryAsync(cancel);
    }

    public async Task<string?> NameAsync(string conversation, CancellationToken cancel)
    {
        await using var connection = await database.OpenAsync(cancel);
        await using var command = connection.Command("SELECT name FROM conversations WHERE id = @id", ("id", conversation));
        return (string?)await command.ExecuteScalarAsync(cancel);
    }
}
