using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;

namespace Samples.Shared;

/// <summary>OpenAI's own client over the <c>HttpClient</c> that Callwatch looks on at.</summary>
internal static class Model
{
    /// <summary>The name of that client in the factory.</summary>
    public const string Http = "model";

    /// <summary><c>Model:Name</c>, and <c>Model:Endpoint</c>, <c>Model:Key</c> of OpenAI or anything that is compatible.</summary>
    public static ChatClient Client(IServiceProvider services)
    {
        var settings = services.GetRequiredService<IConfiguration>().GetSection("Model");
        var http = services.GetRequiredService<IHttpClientFactory>().CreateClient(Http);
        return new ChatClient(settings["Name"] ?? "gpt-4o-mini", new ApiKeyCredential(settings["Key"] ?? "none"), new OpenAIClientOptions
        {
            Endpoint = new Uri(settings["Endpoint"] ?? "http://127.0.0.1:5081/v1"),
            Transport = new HttpClientPipelineTransport(http),
            RetryPolicy = new ClientRetryPolicy(maxRetries: 1),
        });
    }
}
