using System.Net;
using System.Net.Sockets;
using System.Text;
using Callwatch.Control;
using Callwatch.Server.Hosting;
using Callwatch.Store;
using Xunit;

namespace Callwatch.Server.Tests.Access;

/// <summary>What somebody without a key, or with the least of keys, can take of the server's memory, files and connections.</summary>
public sealed class StrangerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/sign-in", "multipart/form-data; boundary=x")]
    [InlineData("/sign-in", "application/x-www-form-urlencoded")]
    [InlineData("/sign-out", "application/x-www-form-urlencoded")]
    [InlineData("/runs/batch", "application/json")]
    public async Task Who_needs_no_key_cannot_have_a_large_body_read(string path, string type)
    {
        await using var server = await RunningServer.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);
        await using var stream = socket.GetStream();
        var head = $"POST {path} HTTP/1.1\r\nHost: {server.Url.Authority}\r\nConnection: close\r\nContent-Type: {type}\r\nContent-Length: 20000000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Cancel);
        using var reader = new StreamReader(stream);
        var status = (await reader.ReadLineAsync(Cancel))!;

        // Answered before the body has come: none of it is wanted.
        Assert.Matches("^HTTP/1.1 (303|403|404|413) ", status);
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x", "no boundary at all")]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nno header\r\n\r\n")]
    [InlineData("application/x-www-form-urlencoded", "%zz=%&&&=")]
    public async Task A_form_that_cannot_be_read_is_the_senders_fault(string type, string form)
    {
        await using var server = await RunningServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = new StringContent(form) };
        request.Content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        using var answer = await server.Http.SendAsync(request, Cancel);
        Assert.InRange((int)answer.StatusCode, 400, 403);
    }

    [Fact]
    public async Task Beyond_the_bound_of_connections_further_ones_are_closed_and_those_before_are_served()
    {
        await using var server = await RunningServer.StartAsync(settings: [("Callwatch:Http:MaxConnections", "3")]);
        var open = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 3; i++) open.Add(await ConnectedAsync(server));
            using var further = new TcpClient();
            await further.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);
            Assert.Equal("", await AnswerAsync(further));
            foreach (var client in open) Assert.StartsWith("HTTP/1.1 200", await AnswerAsync(client), StringComparison.Ordinal);
        }
        finally
        {
            foreach (var client in open) client.Dispose();
        }
    }

    [Theory]
    [InlineData(512, 2, 56)]
    [InlineData(256, 2, 16)]
    [InlineData(1024, 1, 512)]
    [InlineData(1_048_576, 2, 10_000)]
    [InlineData(3, 4, 16)]
    public void Connections_take_half_of_the_files_a_process_may_have_and_leave_it_what_it_needs_itself(long limit, int ports, int expected) => Assert.Equal(expected, OpenFiles.ConnectionsFor(ports, limit));

    [Fact]
    public async Task A_bound_of_no_connections_stops_the_start_and_names_itself()
    {
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => RunningServer.StartAsync(settings: [("Callwatch:Http:MaxConnections", "0")]));
        Assert.Contains("Callwatch:Http:MaxConnections is 0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_has_so_many_listeners_and_no_more_and_others_have_theirs()
    {
        await using var server = await RunningServer.StartAsync();
        var neighbour = ((Tenants)server.Services.GetService(typeof(Tenants))!).Create("neighbour")!;
        var (mine, theirs) = (Key.Make(server, KeyScopes.Read), Key.Make(server, KeyScopes.Read, null, neighbour.Id));
        var listening = new List<HttpResponseMessage>();
        try
        {
            for (var i = 0; i < StoredCalls.MostPerTenant; i++) listening.Add(await ListenAsync(server, mine));
            using var further = await ListenAsync(server, mine);
            Assert.Equal(HttpStatusCode.TooManyRequests, further.StatusCode);
            Assert.NotNull(further.Headers.RetryAfter);
            listening.Add(await ListenAsync(server, theirs));
            Assert.All(listening, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        }
        finally
        {
            listening.ForEach(answer => answer.Dispose());
        }
    }

    [Fact]
    public async Task A_data_folder_that_is_made_is_its_owners_alone()
    {
        if (OperatingSystem.IsWindows()) return;
        using var temp = new Callwatch.Testing.TempFolder();
        await using var server = await RunningServer.StartAsync(dataFolder: temp.At("new"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(temp.At("new")));
    }

    private static async Task<TcpClient> ConnectedAsync(RunningServer server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(server.Url.Host, server.Url.Port, Cancel);

        // Served, so counted.
        Assert.StartsWith("HTTP/1.1 200", await AnswerAsync(client), StringComparison.Ordinal);
        return client;
    }

    private static async Task<string> AnswerAsync(TcpClient client)
    {
        var stream = client.GetStream();
        var buffer = new byte[4096];
        try
        {
            await stream.WriteAsync("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray(), Cancel);
            var text = new StringBuilder();
            while (!IsWhole(text.ToString()) && await stream.ReadAsync(buffer, Cancel) is > 0 and var read) text.Append(Encoding.ASCII.GetString(buffer, 0, read));
            return text.ToString();
        }
        catch (IOException)
        {
            return "";
        }
    }

    // In pieces, or of the length it says.
    private static bool IsWhole(string answer)
    {
        var (body, length) = (answer.IndexOf("\r\n\r\n", StringComparison.Ordinal), answer.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        if (body < 0 || length < 0 || length > body) return answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
        return answer.Length - body - 4 >= int.Parse(answer.AsSpan(length + 16, answer.IndexOf('\r', length) - length - 16), System.Globalization.CultureInfo.InvariantCulture);
    }

    private static Task<HttpResponseMessage> ListenAsync(RunningServer server, string key) =>
        server.Http.SendAsync(Key.With(key, HttpMethod.Get, "/api/v1/tail"), HttpCompletionOption.ResponseHeadersRead, Cancel);
}
